-- 0017_installation - is this the database whose messages we carry, or one that was restored or copied? And one person's data, asked for or erased
--
-- What waits in a restored database may have left long ago. A dispatcher claims nothing before it has seen (lib/lineage.h)
--   1. that the database stands where it was set up: the cluster, the database and the table have the ids they had. A dump that is read in
--      elsewhere has others;
--   2. that the database knows all claims that this host has seen: one that went back in time does not;
--   3. that it is still on the same timeline. A standby that was promoted is on another and passes by 2; who has seen nothing cannot tell.

create function database_identity() returns text language sql stable set search_path = pg_catalog, pg_temp
  return (select s.system_identifier from pg_control_system() s) || '.' || (select d.oid from pg_database d where d.datname = current_database())
         || '.' || 'public.sms_log'::regclass::oid;
create function database_timeline() returns text language sql stable set search_path = pg_catalog, pg_temp
  return case when not pg_is_in_recovery() then left(pg_walfile_name(pg_current_wal_lsn()), 8) end;

create table installation (
  one         boolean primary key default true check (one),
  identity    text not null check (length(identity) <= 100),
  timeline    text check (timeline ~ '^[0-9A-F]{8}$'),
  epoch       uuid not null,        -- another one each time it was found to be restored: what was seen before counts no more
  restored_at timestamptz           -- when that was found out last
);
insert into installation (identity, timeline, epoch) values (database_identity(), database_timeline(), gen_random_uuid());

-- So many times each host's dispatchers have claimed something. A row each: they must not wait for each other.
create table dispatchers (
  host   text primary key check (length(host) between 1 and 253),
  claims bigint not null check (claims >= 0)
);

-- What waits or is on its way: nobody knows whether it has left. Only for the epoch that the caller has seen: of two that find it out at
-- the same time the second finds another.
create function messages_restored(seen uuid, fresh uuid, at timestamptz) returns bigint language plpgsql volatile set search_path = pg_catalog, pg_temp as $$
declare
  changed bigint;
begin
  update public.installation i
  set identity = public.database_identity(), timeline = public.database_timeline(), epoch = fresh, restored_at = at
  where i.epoch = seen;
  if not found then
    return 0;
  end if;
  with unsure as (
    update public.sms_log m
    set status = 'unknown', error = 'the database was restored', claimed_by = null, claimed_until = null, asks = 0, ask_at = null, status_at = at
    where m.status in ('queued', 'sending')
    returning m.customer_id, m.ticket_id, m.error),
  told as (
    insert into public.ticket_events (id, customer_id, ticket_id, event_type, new_value, created_at)
    select gen_random_uuid(), u.customer_id, u.ticket_id, 'sms_unknown', u.error, at from unsure u where u.ticket_id is not null)
  select count(*) into changed from unsure;
  return changed;
end $$;

grant select, update on installation to opsfabric_service;
grant select, insert, update on dispatchers to opsfabric_service;
grant execute on function database_identity(), database_timeline(), messages_restored(uuid, uuid, timestamptz) to opsfabric_service;

-- The requests, as they came, that belong to a person: those that led to a ticket of theirs, and those in which the number or the address
-- stands.
create function contact_inbound(wanted uuid) returns setof inbound_events
  language sql stable security definer set search_path = pg_catalog, pg_temp
begin atomic
  select e.*
  from contacts c, inbound_events e
  where c.id = wanted and (e.customer_id is null or e.customer_id = c.customer_id)
    and (names_person(e.raw, telling_digits(c.phone), c.email)
         or e.customer_id is not null and exists (select from tickets t where t.id::text = e.answer ->> 'ticket_id' and t.contact_id = c.id));
end;

-- Erases a person at their request, or at the firm's. What is told back says how much, not what; the files of the photos are the caller's.
create function contact_erase(wanted uuid, actor text, at timestamptz) returns jsonb
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare
  c public.contacts;
  answer jsonb;
begin
  select * into c from public.contacts k where k.id = wanted;
  if not found or c.erased_at is not null then
    return null;
  end if;
  perform pg_advisory_xact_lock(hashtextextended(c.customer_id || ' ' || coalesce(c.phone, c.email, c.id::text), 0));
  answer := jsonb_build_object(
    'contact_id', c.id,
    'tickets', (select count(*) from public.tickets t where t.contact_id = c.id),
    'messages', (select count(*) from public.sms_log m where m.contact_id = c.id
                   or m.ticket_id in (select t.id from public.tickets t where t.contact_id = c.id)),
    'inbound', (select count(*) from public.contact_inbound(c.id) e where not public.inbound_waits(e, at)),
    'waiting', (select coalesce(jsonb_agg(e.id order by e.id), '[]') from public.contact_inbound(c.id) e where public.inbound_waits(e, at)),
    'opted_out', c.opted_out_at is not null);
  with gone as (
    delete from public.photos p where p.ticket_id in (select t.id from public.tickets t where t.contact_id = c.id) returning p.id)
  select answer || jsonb_build_object('photos', coalesce(jsonb_agg(gone.id), '[]')) into answer from gone;
  perform public.contact_forget(c.id, at);
  update public.ticket_events e set metadata = jsonb_build_object('actor', actor)
  where e.event_type = 'erased' and e.created_at = at and e.ticket_id in (select t.id from public.tickets t where t.contact_id = c.id);
  return answer;
end $$;

grant execute on function contact_inbound(uuid), contact_erase(uuid, text, timestamptz) to opsfabric_service;

select close_to_strangers();
