-- 0011_guard - what may be spent on numbers that nobody but a visitor of the public form speaks for

-- Since when a call, a text or the firm itself speaks for the contact; whoever fills in a form may enter anybody's number.
alter table contacts add known_at timestamptz;
update contacts c set known_at = created_at
where missed_text_at is not null or missed_suppressed_at is not null
   or exists (select from tickets t where t.contact_id = c.id and t.source <> 'wizard')
   or exists (select from sms_log m where m.contact_id = c.id and m.direction = 'inbound');

-- Of the day's segments, those of first confirmations: to contacts that are not known. first_hour is the hour that the last counts.
alter table segment_usage
  add first_segments int not null default 0 check (first_segments >= 0),
  add first_hour timestamptz,
  add first_hour_segments int not null default 0 check (first_hour_segments >= 0);

-- How many of them a firm lets go in an hour and in a day: {hour, day}. Whoever allows more segments allows more of these.
create function first_limits(daily_segments int, config jsonb) returns int[] language sql immutable
  return array[
    case when jsonb_typeof(config #> '{sms,first_per_hour}') = 'number' then least(greatest((config #> '{sms,first_per_hour}')::numeric, 0), 1000000)::int
         else (daily_segments + 24) / 25 end,
    case when jsonb_typeof(config #> '{sms,first_per_day}') = 'number' then least(greatest((config #> '{sms,first_per_day}')::numeric, 0), 1000000)::int
         else (daily_segments + 3) / 4 end];

-- What a firm has used of a day, for a dispatcher that is about to use more: until its commit nobody else gets an answer, so
-- several together use no more than there is. The lock comes first, and each statement here sees what was committed by then.
create function usage_to_change(tenant uuid, on_day date) returns segment_usage language plpgsql volatile set search_path = pg_catalog, pg_temp as $$
declare
  used public.segment_usage;
begin
  perform pg_advisory_xact_lock(hashtextextended('segment_usage ' || tenant, 0));
  select * into used from public.segment_usage u where u.customer_id = tenant and u.day = on_day;
  return used;
end $$;

-- Is it a number from which a firm of this installation sends? Its texts are written by machines like ours.
create function is_sender(number text) returns boolean language sql stable security definer set search_path = pg_catalog, pg_temp
begin atomic
  select exists (select from tenant_addresses a where a.channel = 'sms' and a.address = number);
end;

grant execute on function first_limits(int, jsonb), is_sender(text) to opsfabric_web, opsfabric_service;
grant execute on function usage_to_change(uuid, date) to opsfabric_service;

select close_to_strangers();
