-- Plans: made once per connection and kept, so they must be right for tables of any size: every statement finds its rows
-- of a tenant's growing tables by an index condition, whether it was planned on a full, an empty or an analyzed empty table.
begin;
select tap.start();
select no_plan();

-- every scan of a table in a plan: which index, by which condition
create function pg_temp.scans(plan jsonb) returns table (relation text, index text, cond text) language sql
begin atomic
  with recursive node (n) as (
    select plan
    union all
    select c.n from node, lateral (
      select v.value as n from jsonb_each(case jsonb_typeof(node.n) when 'object' then node.n else '{}' end) v
      union all
      select v.value from jsonb_array_elements(case jsonb_typeof(node.n) when 'array' then node.n else '[]' end) v) c)
  -- of a bitmap scan only the index part says how it finds rows
  select coalesce(n ->> 'Relation Name', regexp_replace(n ->> 'Index Name', '^(segment_usage|[a-z]+_(log|events|links|addresses)|[a-z]+).*$', '\1')),
         n ->> 'Index Name', n ->> 'Index Cond'
  from node
  where n ? 'Node Type' and n ->> 'Node Type' like '%Scan' and n ->> 'Node Type' <> 'Bitmap Heap Scan' and (n ? 'Relation Name' or n ? 'Index Name');
end;

create function pg_temp.plan(which text) returns jsonb language plpgsql as $$
declare
  s tap.statement;
  plan jsonb;
begin
  select * into strict s from tap.statement where name = which;
  deallocate all;
  execute format('prepare %I as %s', which, s.sql);
  execute format('set local role %I', 'opsfabric_' || case s.role when 'any' then 'web' else s.role end);
  perform set_config('app.customer_id', tap.a()::text, true);
  execute 'explain (format json) execute ' || quote_ident(which)
    || coalesce('(' || (select string_agg('null', ', ') from unnest(s.params)) || ')', '') into plan;
  reset role;
  perform set_config('app.customer_id', '', true);
  return plan;
end $$;

-- The tenant that is set while planning has no rows: nor may that matter. A scan is sound if its condition names more than the tenant. Exceptions, each small by nature:
--   customers by its key; the queue's partial indexes, whose rows are exactly what is asked for.
create function pg_temp.unsound(which text) returns text language sql
begin atomic
  select string_agg(format('%s by %s (%s)', s.relation, coalesce(s.index, 'reading all'), s.cond), '; ')
  from pg_temp.scans(pg_temp.plan(which)) s
  where s.relation in ('contacts', 'tickets', 'ticket_events', 'sms_log', 'inbound_events', 'appointments', 'review_links', 'segment_usage', 'alerts', 'photos',
                       'customers', 'tenant_addresses', 'tokens')
    and not coalesce(s.index is not null and s.cond is not null and regexp_replace(s.cond, 'customer_id = \$\d+|AND|[() ]', '', 'g') <> '', false)
    and not (s.relation = 'sms_log' and s.index = 'sms_log_lease' and which = 'message_unclaim')
    and not (s.relation = 'customers' and which = 'retention_tickets_lock')          -- firm by firm, once a day
    and not which = 'roster';                                                        -- all firms' few rows of settings, for the spool
end;

select is(pg_temp.unsound(name), null, name || ', planned on tables never analyzed') from tap.statement where name !~ '^command_' order by name;
select is((select array_agg(distinct index order by index) from pg_temp.scans(pg_temp.plan('ticket_open')) where relation = 'contacts'),
          '{contacts_email,contacts_phone}', 'a contact is found by number and by address, never analyzed');

-- what piled up since the last analyze is walked in its order, as metrics_plan says
set local enable_sort = off;
select is((select array_agg(distinct index order by index) from pg_temp.scans(pg_temp.plan('metrics')) where relation = 'sms_log'),
          '{sms_log_due,sms_log_lease,sms_log_unknown}', 'a scrape sorts no queue');
set local enable_sort = on;

delete from customers where id not in (select customer_id from tickets);
analyze;
select is(pg_temp.unsound(name), null, name || ', planned on empty, analyzed tables') from tap.statement where name !~ '^command_' order by name;
select is((select array_agg(distinct index order by index) from pg_temp.scans(pg_temp.plan('ticket_open')) where relation = 'contacts'),
          '{contacts_email,contacts_phone}', 'a contact is found by number and by address, empty');

-- 64 firms, 20,000 tickets; one in ten open, one in twenty of their messages waiting
set local session_replication_role = replica;             -- no triggers, no foreign keys: only the size matters here
insert into customers (id, name, slug, phone) select overlay(tap.a()::text placing lpad(n::text, 12, '0') from 25)::uuid, 'T' || n, 't-' || n, '+4143' || 1000000 + n from generate_series(1, 64) n;
insert into contacts (id, customer_id, phone, phone_kind, created_at, seen_at)
select overlay('0190c000-0000-7000-8000-000000000000' placing lpad(n::text, 12, '0') from 25)::uuid, overlay(tap.a()::text placing lpad((n % 64 + 1)::text, 12, '0') from 25)::uuid,
       '+4179' || 1000000 + n, 'mobile', tap.at(), tap.at() from generate_series(1, 10000) n;
insert into tickets (id, customer_id, number, source, status, urgency, contact_id, contact_phone, dedupe_key, created_at, updated_at, job_completed_at, review_due_at)
select overlay('0190d000-0000-7000-8000-000000000000' placing lpad(n::text, 12, '0') from 25)::uuid, c.customer_id, n, 'wizard', case n % 10 when 0 then 'NEW' else 'DONE' end, 'MED',
       c.id, c.phone, c.customer_id || ':' || c.phone || ':' || '2024-01-01'::date + n / 10000, tap.at(-n), tap.at(-n), case when n % 10 > 0 then tap.at(-n) end,
       case when n % 10 > 0 and n < 100 then tap.at() end
from generate_series(1, 20000) n join contacts c on c.id = overlay('0190c000-0000-7000-8000-000000000000' placing lpad((n % 10000 + 1)::text, 12, '0') from 25)::uuid;
insert into ticket_events (id, customer_id, ticket_id, event_type, created_at) select gen_random_uuid(), customer_id, id, 'created', created_at from tickets;
insert into sms_log (id, customer_id, contact_id, ticket_id, direction, template, to_number, body, segments, provider, provider_id, status, not_before, expires_at, status_at, created_at)
select gen_random_uuid(), customer_id, contact_id, id, 'outbound', 'x', contact_phone, 'body', 1, 'console', case when number % 20 > 0 then number::text end,
       case number % 20 when 0 then 'queued' else 'delivered' end, tap.at(-number), tap.at(9999), created_at, created_at from tickets;
insert into inbound_events (id, customer_id, provider, event_id, fingerprint, verified, answer, received_at) select gen_random_uuid(), customer_id, 'api', id::text, 'x', true, '{}', created_at from tickets;
insert into segment_usage select id, '2024-03-04'::date - n, 5 from customers, generate_series(0, 300) n;
analyze tickets, sms_log;                                 -- what they were before would read all of one for each row of the other
insert into alerts (id, customer_id, ticket_id, message_id, kind, told, told_at, first_id, code_hash, next_at)
select m.id, m.customer_id, m.ticket_id, m.id, 'emergency', '+41790000011', m.created_at, m.id, encode(sha256(m.id::text::bytea), 'hex'), case when t.number % 100 = 0 then tap.at() end
from sms_log m join tickets t on t.id = m.ticket_id;
set local session_replication_role = origin;
analyze;
select is(pg_temp.unsound(name), null, name || ', planned on full tables') from tap.statement where name !~ '^command_' order by name;
select is((select array_agg(distinct index order by index) from pg_temp.scans(pg_temp.plan('ticket_open')) where relation = 'contacts'),
          '{contacts_email,contacts_phone}', 'a contact is found by number and by address, full');

-- the claim reads what it takes, in order, and no more
select ok(pg_temp.plan('message_claim')::text !~ '"Sort Key": \["m.not_before"\]', 'the claim does not sort the queue');
select is((select array_agg(index) from pg_temp.scans(pg_temp.plan('message_claim')) where cond ~ 'provider'), array['sms_log_due'], 'it walks the index of what is due');

select * from finish();
rollback;
