-- 0015_retention - personal data has an end: what is anonymised keeps its row, its numbers and its times, and loses the person
--
-- How long what is kept stands in lib/retention.def. The functions here only say what forgetting means; they run as the owner, since nobody
-- else may change a history.

alter table tickets add erased_at timestamptz;
create index tickets_closed on tickets (updated_at) where status = 'CLOSED' and erased_at is null;

alter table sms_log add erased_at timestamptz;
create index sms_log_kept on sms_log (created_at) where erased_at is null;
-- A message without a person has no number.
do $$
declare
  k record;
begin
  for k in
    select conname from pg_constraint
    where conrelid = 'sms_log'::regclass and contype = 'c' and pg_get_constraintdef(oid) like '%not_before IS NOT NULL%'
  loop
    execute format('alter table sms_log drop constraint %I', k.conname);
  end loop;
end $$;
alter table sms_log add constraint sms_log_sendable
  check (direction = 'inbound' or status = 'suppressed'
         or (provider is not null and (to_number is not null or erased_at is not null) and not_before is not null and expires_at is not null));

-- Page by page through those who are still known: whoever was anonymised is not passed again.
create index contacts_known on contacts (id) where erased_at is null;

-- Of time, and of nothing else: nobody takes it by mistake.
create index photos_created on photos using brin (created_at);

-- Who said STOP and was erased must not be written to again, so of the number a hash is left, for each firm another. It is a pseudonym and
-- not more: whoever has the database can try all numbers.
create table opt_outs (
  customer_id  uuid not null references customers on delete cascade,
  hash         text not null check (length(hash) = 64),
  opted_out_at timestamptz not null,
  primary key (customer_id, hash)
);
select protect('opt_outs', 'customer_id');
create function opt_out_hash(tenant uuid, phone text) returns text language sql immutable
  return encode(sha256(convert_to(tenant || ' ' || phone, 'UTF8')), 'hex');

-- What was written or sent. One that waits is not sent any more, and none can be queued again: its time is over. The history of a ticket
-- has what was received as well.
create function message_forget(ids uuid[], at timestamptz) returns bigint
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare
  forgotten bigint;
begin
  update public.ticket_events e set new_value = null
  from public.sms_log m
  where m.id = any (ids) and m.direction = 'inbound' and e.ticket_id = m.ticket_id and e.event_type = 'sms_received'
    and e.created_at = m.created_at;
  update public.sms_log m
  set body = '', from_number = null, to_number = null, error = null, provider_id = null, erased_at = at,
      status = case m.status when 'queued' then 'suppressed' else m.status end,
      reason = case m.status when 'queued' then 'erased' else m.reason end,
      expires_at = least(m.expires_at, at)
  where m.id = any (ids) and m.erased_at is null;
  get diagnostics forgotten = row_count;
  return forgotten;
end $$;

-- A ticket stays to be counted: when, by what way, how urgent, how it ended. Its photos have to go before, with their files.
create function ticket_forget(ids uuid[], at timestamptz) returns bigint
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare
  forgotten bigint;
begin
  perform public.message_forget(array(select m.id from public.sms_log m where m.ticket_id = any (ids) and m.erased_at is null), at);
  update public.ticket_events e
  set old_value = case when e.event_type in ('status_changed', 'urgency_changed') then e.old_value end,
      new_value = case when e.event_type in ('status_changed', 'urgency_changed') then e.new_value end, metadata = null
  where e.ticket_id = any (ids);
  update public.alerts a set told = '', name = null, answered_by = null, code_hash = null, next_at = null where a.ticket_id = any (ids);
  delete from public.review_links l where l.ticket_id = any (ids);
  insert into public.ticket_events (id, customer_id, ticket_id, event_type, old_value, new_value, created_at)
  select gen_random_uuid(), t.customer_id, t.id, 'status_changed', t.status, 'CLOSED', at
  from public.tickets t where t.id = any (ids) and t.status <> 'CLOSED';
  insert into public.ticket_events (id, customer_id, ticket_id, event_type, created_at)
  select gen_random_uuid(), t.customer_id, t.id, 'erased', at
  from public.tickets t where t.id = any (ids) and t.erased_at is null;
  update public.tickets t
  set status = 'CLOSED', contact_phone = null, contact_email = null, contact_name = null, summary = null, metadata = '{}', dedupe_key = null,
      unread = false, review_due_at = null, erased_at = at, updated_at = at
  where t.id = any (ids) and t.erased_at is null;
  get diagnostics forgotten = row_count;
  return forgotten;
end $$;

-- A person. Of what came in raw, everything in which the number or the address stands, however it is spelt: with spaces, with or
-- without +41, percent-encoded. The id of an event stays, so that a late repetition does not bring the person back. What is nobody's and waits
-- for an operator stays: it may be a call to another firm (inbound_waits).
create function contact_forget(wanted uuid, at timestamptz) returns bigint
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare
  c public.contacts;
  digits text;
  forgotten bigint;
begin
  select * into c from public.contacts k where k.id = wanted for no key update;
  if not found or c.erased_at is not null then
    return 0;
  end if;
  perform public.ticket_forget(array(select t.id from public.tickets t
                                     where t.contact_id = c.id and t.erased_at is null), at);
  perform public.message_forget(array(select m.id from public.sms_log m where m.contact_id = c.id and m.erased_at is null), at);
  digits := public.telling_digits(c.phone);
  -- nobody's, or of an id that tells the number
  delete from public.inbound_events e
  where (e.customer_id is null or e.customer_id = c.customer_id) and public.names_person(e.raw, digits, c.email)
    and (e.customer_id is null or public.names_person(e.event_id, digits, c.email)) and not public.inbound_waits(e, at);
  update public.inbound_events e set raw = null
  where e.customer_id = c.customer_id
    and (public.names_person(e.raw, digits, c.email)
         or exists (select from public.tickets t where t.id::text = e.answer ->> 'ticket_id' and t.contact_id = c.id));
  if c.phone is not null and c.opted_out_at is not null then
    insert into public.opt_outs (customer_id, hash, opted_out_at)
    values (c.customer_id, public.opt_out_hash(c.customer_id, c.phone), c.opted_out_at)
    on conflict do nothing;
  elsif c.phone is not null then
    delete from public.opt_outs o where o.customer_id = c.customer_id and o.hash = public.opt_out_hash(c.customer_id, c.phone);
  end if;
  update public.contacts k
  set phone = null, phone_kind = null, email = null, channel_id = null, name = null, language = null, erased_at = at
  where k.id = c.id;
  get diagnostics forgotten = row_count;
  return forgotten;
end $$;

-- The last digits of a number, by which a text names a person. None of a firm's own number: that stands in all that firm's requests.
create function telling_digits(phone text) returns text language sql stable set search_path = pg_catalog, pg_temp
  return case when not exists (select from public.tenant_addresses a where a.channel in ('phone', 'sms') and a.address = phone)
         then right(regexp_replace(phone, '[^0-9]', '', 'g'), 9) end;

-- Does a text hold that number (its last digits) or that address, and not only as a part of another? An encoded character must not look
-- like two digits or letters; between the digits of one number stands neither a letter nor what separates fields.
create function said_plain(said text) returns text language sql immutable
  return regexp_replace(replace(replace(replace(replace(replace(lower(said), '%40', '@'), '%2b', '+'), '%2d', '-'), '%2e', '.'), '%5f', '_'),
                        '%[0-9a-f]{2}|\\(u[0-9a-f]{4}|[bfnrt])', ' ', 'g');
create function names_person(said text, digits text, address text) returns boolean language sql immutable
  return coalesce(strpos(regexp_replace(regexp_replace(said_plain(said), '[a-z"&=,;:{}<>|]|\[|\]', 'x', 'g'), '[^0-9x]', '', 'g'), digits) > 0, false)
      or coalesce(said_plain(said) ~ ('(^|[^[:alnum:]._+-])' || regexp_replace(address, '([^[:alnum:]])', '\\\1', 'g') || '($|[^[:alnum:]-])'), false);

-- Nobody's, and an operator may still release it: for a week.
create function inbound_waits(e inbound_events, at timestamptz) returns boolean language sql immutable
  return e.customer_id is null and coalesce(e.settled, 'releasing') = 'releasing' and e.outcome is distinct from 'matched' and e.received_at > at - interval '7 days';

grant select on opt_outs to opsfabric_web;
grant select, delete on opt_outs to opsfabric_service;
grant execute on function telling_digits(text), said_plain(text), names_person(text, text, text) to opsfabric_service;
grant execute on function opt_out_hash(uuid, text) to opsfabric_web, opsfabric_service;
grant execute on function message_forget(uuid[], timestamptz), ticket_forget(uuid[], timestamptz), contact_forget(uuid, timestamptz) to opsfabric_service;

select close_to_strangers();
