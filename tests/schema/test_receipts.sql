-- Receipts: a message only moves forward, each move stands in the history once; one that is faster than the provider's id waits for it
begin;
select tap.start();
select plan(44);

create function pg_temp.id(n int) returns uuid language sql return overlay('0190e000-0000-7000-8000-000000000000' placing lpad(n::text, 12, '0') from 25)::uuid;
create function pg_temp.state(n int) returns text language sql return (select concat_ws(' ', status, provider_id, error) from sms_log where id = pg_temp.id(n));
create function pg_temp.put(n int, args jsonb default '{}') returns uuid language sql volatile
begin atomic
  insert into sms_log (id, customer_id, ticket_id, direction, from_number, to_number, body, provider, provider_id, status, reason, attempts, claimed_by, claimed_until, not_before, expires_at, status_at, created_at)
  values (pg_temp.id(n), coalesce((args ->> 'tenant')::uuid, tap.a()), (args ->> 'ticket')::uuid, case args ->> 'status' when 'received' then 'inbound' else 'outbound' end, 'Firma', '+41791234567', 'x',
          'ecall', args ->> 'provider_id', coalesce(args ->> 'status', 'sending'), 'x', coalesce((args ->> 'attempts')::int, 1), tap.a(), tap.at(1), tap.at(), tap.at(99), tap.at(), tap.at())
  returning id;
end;
create function pg_temp.receipt(n int, said text, args jsonb default '{}', tenant uuid default tap.a()) returns jsonb language sql volatile
begin atomic
  select tap.call('message_receipt', jsonb_build_object('message_id', pg_temp.id(n), 'provider', 'ecall', 'said', said, 'now', tap.at(5), 'event_id', gen_random_uuid(),
    'event_row', gen_random_uuid(), 'fingerprint', 'f', 'raw', 'raw') || args, tenant);
end;
create function pg_temp.their(id text, said text, args jsonb default '{}', tenant uuid default tap.a()) returns jsonb language sql volatile
begin atomic
  select tap.call('receipt_lock', jsonb_build_object('provider', 'ecall', 'provider_id', id));
  select pg_temp.receipt(0, said, jsonb_build_object('message_id', null, 'provider_id', id) || args, tenant);
end;
create function pg_temp.outcome(n int, outcome text, provider_id text default null) returns text language sql volatile
begin atomic
  select tap.call('message_outcome', jsonb_build_object('ids', array[pg_temp.id(n)]::text, 'attempts', '{1}', 'outcomes', array[outcome]::text,
    'provider_ids', array[provider_id]::text, 'errors', '{NULL}', 'retry_at', '{NULL}', 'event_ids', tap.uuids(1), 'now', tap.at(9))) ->> 'status';
end;
create temp table t as select (tap.ticket() -> 'answer' ->> 'ticket_id')::uuid as id;
delete from sms_log;
create function pg_temp.history() returns jsonb language sql volatile
begin atomic
  select jsonb_agg(jsonb_build_array(event_type, new_value) order by seq) from ticket_events where event_type like 'sms%';
end;

-- every status x everything a provider says
select is(jsonb_object_agg(status, (select string_agg(case when receipt_moves(status, attempts, said) then said else '-' end, ' ' order by said) from unnest('{delivered,failed,sent}'::text[]) said)),
  '{"queued": "- - -", "sending": "delivered failed sent", "unknown": "delivered failed sent", "sent": "delivered failed -", "delivered": "- - -", "failed": "- - -",
    "expired": "- - -", "suppressed": "- - -"}', 'where a receipt leads')
from (select s as status, 0 as attempts from unnest('{queued,sending,unknown,sent,delivered,failed,expired,suppressed}'::text[]) s) x;
select is(array(select said from unnest('{delivered,failed,sent}'::text[]) said where receipt_moves('queued', 1, said)), '{delivered,sent}', 'what the provider has after all is not sent again');

-- by our id
select pg_temp.put(1, jsonb_build_object('ticket', id)) from t;
select is(pg_temp.receipt(1, 'sent', '{"provider_id": "p1"}') - array['id', 'slug'], '{"old_status": "sending", "status": "sent", "kept": false}', 'faster than the answer');
select is(pg_temp.state(1), 'sent p1', 'it brings the provider''s id');
select is(jsonb_build_array(claimed_by, claimed_until, status_at), jsonb_build_array(null, null, tap.at(5)), 'and ends the claim') from sms_log where id = pg_temp.id(1);
select is(pg_temp.receipt(1, 'sent') ->> 'status', 'sent', 'again');
select is(pg_temp.outcome(1, 'sent', 'p1'), null, 'the answer has nothing to add');
select is(pg_temp.receipt(1, 'delivered', '{"provider_id": "other"}') - array['id', 'slug'], '{"old_status": "sent", "status": "delivered", "kept": false}', 'delivered');
select is(pg_temp.receipt(1, s) ->> 'status', 'delivered', 'after it ' || s || ' changes nothing') from unnest('{sent,failed,delivered}'::text[]) s;
select is(pg_temp.state(1), 'delivered p1', 'nor does it write an error');
select is(pg_temp.history(), '[["sms_sent", null], ["sms_delivered", null]]', 'the history has each move once');
select pg_temp.put(2, jsonb_build_object('ticket', id)) from t;
select is(pg_temp.receipt(2, 'failed', jsonb_build_object('error', repeat('e', 2000))) ->> 'status', 'failed', 'failed, with an endless reason');
select is(pg_temp.history() -> 2, jsonb_build_array('sms_failed', repeat('e', 1000)), 'which is cut');
select is(pg_temp.receipt(2, 'delivered') ->> 'status', 'failed', 'failed is the end');
select is(pg_temp.outcome(2, 'sent', 'p2'), 'failed', 'the answer adds its id');
select is(pg_temp.state(2), 'failed p2 ' || repeat('e', 1000), 'and takes nothing back');
select pg_temp.put(3, '{"status": "unknown"}');
select is(pg_temp.receipt(3, 'delivered') ->> 'status', 'delivered', 'what nobody knew is known');
select is(jsonb_array_length(pg_temp.history()), 3, 'a message without a ticket has no history');
select pg_temp.put(4, '{"status": "delivered"}');
select pg_temp.receipt(4, 'sent', '{"provider_id": "p4"}');
select is(pg_temp.state(4), 'delivered p4', 'their id is learnt where nothing moves');

-- what is not theirs to speak of
select pg_temp.put(5, '{"status": "received"}');
select is(pg_temp.receipt(5, 'failed') ->> 'kept', 'true', 'a message that came in has no receipts');
select is(status, 'received', 'it stays what it is') from sms_log where id = pg_temp.id(5);
select pg_temp.put(6, jsonb_build_object('tenant', tap.b(), 'provider_id', 'p6'));
select is(pg_temp.receipt(6, 'failed') ->> 'kept', 'true', 'another firm''s message');
select is(pg_temp.their('p6', 'failed') ->> 'kept', 'true', 'by their id either');
select is(status, 'sending', 'is not touched') from sms_log where id = pg_temp.id(6);
select is(pg_temp.receipt(99, 'sent') ->> 'kept', 'true', 'nobody''s message') from generate_series(1, 2);
select is(jsonb_agg(jsonb_build_array(event_id, outcome, raw) order by event_id), jsonb_build_array(
  jsonb_build_array('failed ' || pg_temp.id(5), 'unmatched', 'raw'), jsonb_build_array('failed ' || pg_temp.id(6), 'unmatched', 'raw'), '["failed p6", "parked", "raw"]'::jsonb,
  jsonb_build_array('sent ' || pg_temp.id(99), 'unmatched', 'raw')), 'all are kept, once') from inbound_events where provider = 'ecall_receipt';

-- by theirs
select pg_temp.put(n, jsonb_build_object('status', 'sent', 'provider_id', 'p' || least(n, 8))) from generate_series(7, 9) n;
select is(pg_temp.their('p7', 'delivered') ->> 'id', pg_temp.id(7)::text, 'by the provider''s id');
select is(pg_temp.their('p8', 'delivered') ->> 'kept', 'true', 'of two with one id neither');
create function pg_temp.whose(message uuid, their text) returns text language sql volatile
begin atomic
  select tap.call('receipt_tenant', jsonb_build_object('message_id', message, 'provider', 'ecall', 'provider_id', their)) ->> 'customer_id';
end;
select is(jsonb_build_array(pg_temp.whose(pg_temp.id(6), null), pg_temp.whose(null, 'p7'), pg_temp.whose(null, 'p8'), pg_temp.whose(null, 'none'), pg_temp.whose(pg_temp.id(99), 'p7')),
  jsonb_build_array(tap.b(), tap.a(), null, null, null), 'whose message it is');

-- parked: before the id is stored
select pg_temp.put(n, jsonb_build_object('ticket', id, 'status', case n when 13 then 'unknown' else 'sending' end)) from t, generate_series(11, 15) n;
delete from ticket_events where event_type like 'sms%';
select pg_temp.their('p11', s, '{"error": "no such phone"}') from unnest('{failed,sent,failed}'::text[]) s;
select is(pg_temp.outcome(11, 'sent', 'p11'), 'sent', 'the answer comes');
select is(pg_temp.state(11), 'failed p11 no such phone', 'after it what had come before');
select is(pg_temp.history(), '[["sms_sent", null], ["sms_failed", "no such phone"]]', 'in order, once each');
select is(array_agg(outcome), '{matched,matched}', 'it waits no longer') from inbound_events where event_id like '% p11';
select pg_temp.their('p11', 'failed');
select is(pg_temp.outcome(11, 'sent', 'p11'), null, 'again');
select is(jsonb_array_length(pg_temp.history()), 2, 'nothing twice');
create function pg_temp.park(id text, said text) returns bigint language sql volatile
begin atomic
  select count(*) from tap.call('receipt_park', jsonb_build_object('event_row', gen_random_uuid(), 'provider', 'ecall', 'provider_id', id, 'said', said, 'fingerprint', 'f', 'raw', 'raw', 'now', tap.at(4)), null);
end;
select pg_temp.park('p12', 'delivered') from generate_series(1, 2);
select pg_temp.park('p7', 'failed');
select is(jsonb_agg(jsonb_build_array(event_id, outcome)), '[["delivered p12", "parked"]]', 'of an unknown firm it is kept once, and only without a message') from inbound_events where customer_id is null;
select pg_temp.outcome(12, 'sent', 'p12');
select is(pg_temp.state(12), 'delivered p12', 'and applied');
select pg_temp.park('p13', 'delivered');
select is(tap.call('message_receipt', jsonb_build_object('message_id', pg_temp.id(13), 'provider', 'ecall', 'provider_id', 'p13', 'said', 'sent', 'now', tap.at(5), 'event_id', gen_random_uuid(),
  'event_row', gen_random_uuid(), 'fingerprint', 'f'), tap.a()) ->> 'status', 'sent', 'whoever stores the id');
select is(pg_temp.state(13), 'delivered p13', 'brings what waits for it');
select pg_temp.their('p14', 'delivered', '{}', tap.b());
select pg_temp.outcome(14, 'sent', 'p14');
select is(pg_temp.state(14), 'sent p14', 'what one firm''s provider said is not about another''s message');
select pg_temp.park('p15', 'delivered');
update sms_log set provider = 'twilio' where id = pg_temp.id(15);
select pg_temp.outcome(15, 'sent', 'p15');
select is(pg_temp.state(15), 'sent p15', 'nor about another provider''s');

select * from finish();
rollback;
