-- Many at once: sixteen sessions, real commits. What the lock promises: one contact, one ticket, one message, one answer.
begin;
select tap.start();
select no_plan();

create function pg_temp.tenant() returns uuid immutable language sql return '0190a000-0000-7000-8000-0000000000cc'::uuid;
select tap.connect('admin');
select dblink_exec('admin', format('insert into public.customers (id, name, slug) values (%L, ''Parallel'', ''parallel'')', pg_temp.tenant()));

-- a session prepares what it will be asked, and is from then on the role
create function pg_temp.sessions(which text) returns void language plpgsql as $$
declare
  c text;
begin
  foreach c in array (select array_agg('c' || n) from generate_series(1, 16) n) loop
    if c = any (coalesce(dblink_get_connections(), '{}')) then
      perform dblink_disconnect(c);
    end if;
    perform tap.connect(c), dblink_exec(c, 'set search_path = public; set plan_cache_mode = force_generic_plan; set enable_seqscan = off; set lock_timeout = ''60s'''),
            dblink_exec(c, format('set role %I', tap.role_of(which)));
    perform dblink_exec(c, format('prepare %I as %s', s.name, s.sql)) from tap.statement s where s.name in ('tenant_set', 'review_lock', which);
  end loop;
end $$;

-- all commands at once, one to a session; the last result of each, or its SQLSTATE
create function pg_temp.storm(commands text[]) returns table (n int, r jsonb) language plpgsql as $$
declare
  more jsonb;
begin
  for i in 1 .. cardinality(commands) loop
    perform dblink_send_query('c' || i, commands[i]);
  end loop;
  for i in 1 .. cardinality(commands) loop
    n := i;
    r := null;
    for result in 1 .. 9 loop
      begin                                     -- results come one by one, an empty one at the end; TENANT_SET's has other columns
        select jsonb_build_object('replay', x.a, 'same_body', x.b, 'answer', x.c) into more from dblink_get_result('c' || i) x (a text, b text, c text);
        exit when not found;
        r := more;
      exception
        when datatype_mismatch then null;
        when others then r := jsonb_build_object('error', sqlstate);
      end;
    end loop;
    return next;
  end loop;
end $$;
create function pg_temp.pipeline(which text, args jsonb) returns text language sql
  return tap.tenant_command(args, pg_temp.tenant()) || '; ' || tap.command(which, args);
-- what was committed, and then nothing of it
create function pg_temp.seen(query text) returns jsonb language sql volatile
  return (select x from dblink('admin', 'set app.customer_id = ''' || pg_temp.tenant() || '''; ' || replace(query, 'OURS', quote_literal(pg_temp.tenant()))) r (x jsonb));
create function pg_temp.clean() returns text language sql volatile
  return dblink_exec('admin', (select string_agg(format('delete from public.%I where customer_id = %L', t, pg_temp.tenant()), '; ')
    from unnest('{review_links,ticket_events,sms_log,tickets,contacts,inbound_events,segment_usage}'::text[]) t));
create temp table got (scene text, n int, r jsonb);

-- requests of one contact
select pg_temp.sessions('ticket_open');
insert into got select 'requests', s.* from pg_temp.storm(array(
  select pg_temp.pipeline('ticket_open', tap.ticket_args(jsonb_build_object('summary', 'text ' || n, 'urgency', case when n = 7 then 'HIGH' else 'LOW' end), tap.at(), pg_temp.tenant())) from generate_series(1, 16) n)) s;
select is(count(*) filter (where r ->> 'replay' = 'f'), 16::bigint, 'sixteen requests of one contact are answered') from got where scene = 'requests';
select is(count(*) filter (where not ((r ->> 'answer')::jsonb ->> 'dedupe_matched')::boolean), 1::bigint, 'one opened the ticket') from got where scene = 'requests';
select is(pg_temp.seen('select jsonb_build_array(count(*), min(urgency)) from public.tickets where customer_id = OURS'), '[1, "HIGH"]', 'one ticket, at its highest urgency');
select is(pg_temp.seen('select to_jsonb(count(*)) from public.contacts where customer_id = OURS'), '1', 'one contact');
select is(pg_temp.seen('select jsonb_agg(status) from public.sms_log where customer_id = OURS'), '["queued"]', 'one confirmation');
select is(pg_temp.seen('select to_jsonb(count(distinct new_value)) from public.ticket_events where customer_id = OURS and event_type in (''created'', ''updated'')'), '16', 'every text is kept');
select is(pg_temp.seen('select to_jsonb(cardinality(string_to_array(summary, e''\n''))) from public.tickets where customer_id = OURS'), '16', 'and shown');

-- one request delivered sixteen times
insert into got select 'replays', s.* from pg_temp.storm(array(
  select pg_temp.pipeline('ticket_open', tap.ticket_args('{"event_id": "same", "phone": "+41790000077"}', tap.at(), pg_temp.tenant())) from generate_series(1, 16) n)) s;
select is(jsonb_object_agg(x, n), '{"f": 1, "t": 15}', 'one is the first, fifteen are replays') from (select r ->> 'replay' as x, count(*) as n from got where scene = 'replays' group by 1) y;
select is(count(distinct r ->> 'answer'), 1::bigint, 'all get the same answer') from got where scene = 'replays';

-- one Idempotency-Key, sixteen different contacts: their locks differ, the constraint holds
insert into got select 'key', s.* from pg_temp.storm(array(
  select pg_temp.pipeline('ticket_open', tap.ticket_args(jsonb_build_object('provider', 'api', 'event_id', 'key', 'fingerprint', 'f' || n, 'phone', '+4179000020' || n), tap.at(), pg_temp.tenant())) from generate_series(1, 16) n)) s;
select is(count(*) filter (where r ->> 'replay' = 'f'), 1::bigint, 'one wins') from got where scene = 'key';
select is(count(*) filter (where not coalesce(r ->> 'replay' = 'f' or r ->> 'same_body' = 'f' or r ->> 'error' = '23505', false)), 0::bigint, 'the others see it, or have to run again') from got where scene = 'key';
select is(pg_temp.seen('select to_jsonb(count(*)) from public.tickets where customer_id = OURS and contact_phone like ''+4179000020%'''), '1', 'nothing of them is left');
-- the same over a key that was used more than seven days ago
select is(pg_temp.clean(), 'DELETE 0', 'a clean table');
select dblink_exec('admin', format('insert into public.inbound_events (id, customer_id, provider, event_id, fingerprint, verified, received_at) values (gen_random_uuid(), %L, ''api'', ''old'', ''x'', true, %L)', pg_temp.tenant(), tap.at(-99999)));
insert into got select 'old key', s.* from pg_temp.storm(array(
  select pg_temp.pipeline('ticket_open', tap.ticket_args(jsonb_build_object('provider', 'api', 'event_id', 'old', 'fingerprint', 'f' || n, 'phone', '+4179000030' || n), tap.at(), pg_temp.tenant())) from generate_series(1, 16) n)) s;
select is(count(*) filter (where r ->> 'replay' = 'f'), 1::bigint, 'one wins an old key') from got where scene = 'old key';
select is(pg_temp.seen('select to_jsonb(count(*)) from public.tickets where customer_id = OURS'), '1', 'and only its ticket is there');
select pg_temp.clean();

-- a line that rings sixteen times at once
select pg_temp.sessions('missed_call_open');
insert into got select 'calls', s.* from pg_temp.storm(array(select pg_temp.pipeline('missed_call_open', tap.missed_args('{}', tap.at(), pg_temp.tenant())) from generate_series(1, 16) n)) s;
select is(jsonb_object_agg(x, n), '{"queued": 1, "dedupe": 15}', 'one text for sixteen calls') from (select (r ->> 'answer')::jsonb ->> 'status' as x, count(*) as n from got where scene = 'calls' group by 1) y;
select is(pg_temp.seen('select to_jsonb(count(*)) from public.sms_log where customer_id = OURS'), '1', 'one row');
select is(pg_temp.seen('select to_jsonb(count(*)) from public.ticket_events where customer_id = OURS'), '16', 'sixteen lines of history');
select pg_temp.clean();

-- sixteen answers at once
select pg_temp.sessions('sms_reply_receive');
insert into got select 'replies', s.* from pg_temp.storm(array(
  select pg_temp.pipeline('sms_reply_receive', tap.reply_args(jsonb_build_object('meaning', case when n % 2 = 0 then 'urgent' else 'callback' end), tap.at(), pg_temp.tenant())) from generate_series(1, 16) n)) s;
select is(jsonb_object_agg(x, n), '{"queued": 4, "suppressed": 12}', 'the guard lets four through') from (select (r ->> 'answer')::jsonb ->> 'answered' as x, count(*) as n from got where scene = 'replies' group by 1) y;
select is(pg_temp.seen('select jsonb_agg(jsonb_build_array(urgency, status)) from public.tickets where customer_id = OURS'), '[["HIGH", "NEEDS_CALLBACK"]]', 'one ticket, at its highest');
select is(pg_temp.seen('select to_jsonb(count(*)) from public.sms_log where customer_id = OURS and status = ''received'''), '16', 'every text is kept');
select is(pg_temp.seen($$select jsonb_build_array(count(*), count(*) filter (where before is distinct from lag)) from (
  select old_value as before, lag(new_value, 1, old_value) over (order by seq) as lag from public.ticket_events where customer_id = OURS and event_type = 'status_changed') x$$) -> 1, '0', 'the history is unbroken');
select pg_temp.clean();

-- sixteen dispatchers, two hundred messages
select dblink_exec('admin', format($$insert into public.sms_log (id, customer_id, direction, template, to_number, body, segments, provider, status, not_before, expires_at, status_at, created_at)
  select gen_random_uuid(), %L, 'outbound', 'x', '+41791234567', 'm' || n, 1, 'parallel', 'queued', %L, %L, now(), now() from generate_series(1, 200) n$$, pg_temp.tenant(), tap.at(), tap.at(99)));
select pg_temp.sessions('message_claim');
select count(*) from pg_temp.storm(array(
  select tap.command('message_claim', jsonb_build_object('host', 'here', 'claimed_by', gen_random_uuid(), 'now', tap.at(1), 'claimed_until', tap.at(2), 'providers', '{parallel}', 'slots', '{12}')) from generate_series(1, 16) n));
select is(pg_temp.seen('select jsonb_object_agg(status || attempts, n) from (select status, attempts, count(*) as n from public.sms_log where customer_id = OURS group by 1, 2) x'),
          '{"sending1": 192, "queued0": 8}', 'each message is claimed once, each claim is as large as asked');
select is(pg_temp.seen('select jsonb_agg(segments) from public.segment_usage where customer_id = OURS'), '[192]', 'and counted once');
select pg_temp.clean();

-- the last of a budget, and the last of what contacts who are not known may have of it: sixteen dispatchers want it
select dblink_exec('admin', format('update public.customers set daily_segments = 40 where id = %L', pg_temp.tenant()));
select dblink_exec('admin', format($$
  insert into public.contacts (id, customer_id, phone, created_at, seen_at) values (%1$L, %1$L, '+41791234567', now(), now());
  insert into public.sms_log (id, customer_id, contact_id, direction, template, to_number, body, segments, provider, status, not_before, expires_at, status_at, created_at)
  select gen_random_uuid(), %1$L, %1$L, 'outbound', case when n & 1 = 0 then 'x' else 'ticket_confirmation' end, '+41791234567', 'm' || n, 1, 'parallel', 'queued', %2$L, %3$L, now(), now()
  from generate_series(1, 200) n$$, pg_temp.tenant(), tap.at(), tap.at(99)));
select count(*) from pg_temp.storm(array(
  select tap.command('message_claim', jsonb_build_object('host', 'here', 'claimed_by', gen_random_uuid(), 'now', tap.at(1), 'claimed_until', tap.at(2), 'providers', '{parallel}', 'slots', '{12}')) from generate_series(1, 16) n));
select is(pg_temp.seen('select jsonb_object_agg(template || coalesce('' '' || reason, '''') || attempts, n) from (select template, reason, attempts, count(*) as n from public.sms_log where customer_id = OURS and status <> ''queued'' group by 1, 2, 3) x'),
          '{"x1": 38, "ticket_confirmation1": 2, "x budget0": 58, "ticket_confirmation first_contact0": 94}', 'together they begin what there is, and no more');
select is(pg_temp.seen('select jsonb_agg(jsonb_build_array(segments, first_segments)) from public.segment_usage where customer_id = OURS'), '[[40, 2]]', 'and count it');
select pg_temp.clean();

-- sixteen review crons, ten tickets
select pg_temp.sessions('review_request');
select dblink_exec('admin', format($$
  insert into public.contacts (id, customer_id, phone, phone_kind, created_at, seen_at) select gen_random_uuid(), %1$L, '+4179000010' || n, 'mobile', now(), now() from generate_series(0, 9) n;
  insert into public.tickets (id, customer_id, number, source, status, urgency, contact_id, contact_phone, created_at, updated_at, review_due_at)
  select gen_random_uuid(), %1$L, row_number() over (), 'wizard', 'DONE', 'MED', id, phone, now(), now(), %2$L from public.contacts, generate_series(1, 2) where customer_id = %1$L$$, pg_temp.tenant(), tap.at()));
select count(*) from pg_temp.storm(array(
  select tap.command('review_lock', jsonb_build_object('now', tap.at(1), 'most', 20, 'tenants', array[pg_temp.tenant()]::text)) || '; '
         || tap.command('review_request', tap.review_args(tap.at(1), '{}', 20) || jsonb_build_object('tenants', jsonb_build_object(pg_temp.tenant(), tap.review_tenants('{}') -> tap.a()::text)))
  from generate_series(1, 16) n));
select is(pg_temp.seen('select jsonb_build_array(count(*), count(distinct to_number)) from public.sms_log where customer_id = OURS'), '[10, 10]', 'every contact is asked once');
select is(pg_temp.seen('select jsonb_object_agg(event_type, n) from (select event_type, count(*) as n from public.ticket_events where customer_id = OURS group by 1) x'), '{"review_requested": 10, "review_skipped": 10}', 'every ticket is decided once');

select pg_temp.clean();
select dblink_exec('admin', format('delete from public.customers where id = %L', pg_temp.tenant()));
select dblink_disconnect(c) from unnest(dblink_get_connections()) c;
select * from finish();
rollback;
