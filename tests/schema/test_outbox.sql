-- The outbox: a row leaves `queued` once per attempt, outcomes belong to attempts, budgets hold, nothing is blindly resent
begin;
select tap.start();
select plan(81);

create function pg_temp.put(n int, args jsonb default '{}') returns uuid language sql volatile
begin atomic
  insert into sms_log (id, customer_id, ticket_id, direction, template, from_number, to_number, body, segments, provider, status, not_before, expires_at, status_at, created_at)
  values (overlay('0190e000-0000-7000-8000-000000000000' placing lpad(n::text, 12, '0') from 25)::uuid, coalesce((args ->> 'tenant')::uuid, tap.a()), (args ->> 'ticket')::uuid,
          'outbound', coalesce(args ->> 'template', 'ticket_confirmation'), 'Firma', '+41791234567', 'body ' || n, coalesce((args ->> 'segments')::int, 1),
          coalesce(args ->> 'provider', 'console'), 'queued', tap.at(coalesce((args ->> 'from')::int, n)), tap.at(coalesce((args ->> 'until')::int, 999)), tap.at(), tap.at())
  returning id;
end;
create function pg_temp.id(n int) returns uuid language sql return overlay('0190e000-0000-7000-8000-000000000000' placing lpad(n::text, 12, '0') from 25)::uuid;
create function pg_temp.state(n int) returns text language sql return (select concat_ws(' ', status, attempts, reason, provider_id, error) from sms_log where id = pg_temp.id(n));
create function pg_temp.claim(at timestamptz, slots int, provider text default 'console', who uuid default tap.a()) returns int[] language sql volatile
begin atomic
  select coalesce(array_agg(substr(c ->> 'body', 6)::int order by substr(c ->> 'body', 6)::int), '{}')
  from tap.call('message_claim', jsonb_build_object('host', 'here', 'claimed_by', who, 'now', at, 'claimed_until', at + interval '1 minute', 'providers', array[provider]::text, 'slots', array[slots]::text)) c
  where c ->> 'status' = 'sending';
end;
create function pg_temp.outcome(n int, attempt int, outcome text, at timestamptz default tap.at(20), provider_id text default null, retry timestamptz default null, error text default null)
returns text language sql volatile
begin atomic
  select tap.call('message_outcome', jsonb_build_object('ids', array[pg_temp.id(n)]::text, 'attempts', array[attempt]::text, 'outcomes', array[outcome]::text,
    'provider_ids', array[provider_id]::text, 'errors', array[error]::text, 'retry_at', array[retry]::text, 'event_ids', tap.uuids(1), 'now', at)) ->> 'status';
end;

-- claims
select pg_temp.put(n) from generate_series(1, 5) n;
select pg_temp.put(6, '{"provider": "ecall"}'), pg_temp.put(7, '{"from": 60}'), pg_temp.put(8, '{"from": 1, "until": 9}');
select is(pg_temp.claim(tap.at(10), 3), array[1, 2, 3], 'what is due, oldest first, no more than asked');
select is(pg_temp.state(1), 'sending 1', 'a claim is the start');
select is(jsonb_build_array(claimed_by, claimed_until = tap.at(11)), jsonb_build_array(tap.a(), true), 'with owner and lease') from sms_log where id = pg_temp.id(1);
select is(pg_temp.claim(tap.at(10), 9), array[4, 5], 'nobody claims twice; nothing too early, too late or of another provider');
select is(pg_temp.claim(tap.at(10), 9, 'ecall'), array[6], 'each provider has its queue');
select pg_temp.put(100, '{"from": 0}');
select is((select array_agg(k order by k) from jsonb_object_keys(c) k), '{attempts,body,boxes,channel,customer_id,expires_at,from_number,id,lives_s,provider,segments,slug,status,template,ticket_id,to_number}',
          'a claim returns all that a sender needs')
from tap.call('message_claim', jsonb_build_object('host', 'here', 'claimed_by', tap.a(), 'now', tap.at(10), 'claimed_until', tap.at(11), 'providers', '{console}', 'slots', '{9}')) c;
delete from sms_log where id = pg_temp.id(100);

-- outcomes and the fence
select is(pg_temp.outcome(1, 1, 'sent', provider_id => 'p1'), 'sent', 'accepted');
select is(pg_temp.state(1), 'sent 1 p1', 'the row');
select is(pg_temp.outcome(1, 1, 'sent', provider_id => 'p1'), null, 'the same outcome again changes nothing');
select is(pg_temp.outcome(2, 1, 'failed', error => 'no such number'), 'failed', 'refused');
select is(pg_temp.outcome(3, 1, 'retry', retry => tap.at(30)), 'queued', 'certainly not accepted');
select is(pg_temp.claim(tap.at(29), 9), '{}'::int[], 'waits its time');
select is(pg_temp.claim(tap.at(30), 9), array[3], 'and is claimed again');
select is(pg_temp.outcome(3, 1, 'failed'), null, 'an outcome of an earlier attempt does not count');
select is(pg_temp.outcome(3, 2, 'retry', retry => tap.at(1000)), 'expired', 'a retry past its end is none');
select is(pg_temp.outcome(4, 1, 'unknown', error => 'timeout'), 'unknown', 'no clear answer');
select is(pg_temp.claim(tap.at(50), 9), '{}'::int[], 'unknown is not sent again');
select is(pg_temp.outcome(4, 1, 'unknown'), null, 'unknown stays');
select is(pg_temp.outcome(4, 1, 'sent', provider_id => 'p4'), 'sent', 'a late answer of the same attempt counts');

-- lost, unclaimed, expired
select is((select array_agg(r ->> 'id') from tap.call('message_lost', jsonb_build_object('now', tap.at(11), 'event_ids', tap.uuids(9))) r), null, 'a lease that has not ended');
select is((select array_agg(r ->> 'id' order by r ->> 'id') from tap.call('message_lost', jsonb_build_object('now', tap.at(12), 'event_ids', tap.uuids(9))) r), array[pg_temp.id(5), pg_temp.id(6)]::text[], 'whose dispatcher is gone is unknown');
select is(pg_temp.state(5), 'unknown 1 dispatcher lost', 'and says why');
select pg_temp.put(n) from generate_series(11, 14) n;
select is(pg_temp.claim(tap.at(20), 9, 'console', tap.b()), array[11, 12, 13, 14], 'another dispatcher claims');
select is((select array_agg(r ->> 'id' order by r ->> 'id') from tap.call('message_unclaim', jsonb_build_object('claimed_by', tap.b(), 'started', array[pg_temp.id(11), pg_temp.id(13)]::text, 'now', tap.at(20))) r),
          array[pg_temp.id(12), pg_temp.id(14)]::text[], 'what it did not begin goes back');
select is(pg_temp.state(12), 'queued 1', 'the attempt is not taken back: it is the fence');
select is(pg_temp.outcome(12, 1, 'sent'), null, 'an outcome for a row that went back is none');
select is((select count(*) from tap.call('message_unclaim', jsonb_build_object('claimed_by', tap.a(), 'started', '{}', 'now', tap.at(20))) r where r ->> 'id' = pg_temp.id(11)::text), 0::bigint, 'nobody gives back another''s');
select is((select array_agg(r ->> 'id') from tap.call('message_expire', jsonb_build_object('now', tap.at(9), 'event_ids', tap.uuids(9))) r), array[pg_temp.id(8)::text], 'too late');
select is(pg_temp.state(8), 'expired 0', 'is never sent');

-- what became of it is known before its dispatcher says so: a receipt, or a person who decided
update sms_log set status = 'queued' where id = pg_temp.id(5);
select is(pg_temp.claim(tap.at(40), 9), array[5, 12, 14], 'only what went back is sent again');
select is(pg_temp.outcome(5, 2, 'unknown'), 'unknown', 'and lost again');
update sms_log set status = 'delivered' where id = pg_temp.id(14);
select is(pg_temp.outcome(14, 2, 'sent', provider_id => 'p14'), 'delivered', 'the answer adds the provider''s id');
select is(pg_temp.state(14), 'delivered 2 p14', 'and takes nothing back');
select is(pg_temp.outcome(14, 2, 'sent', provider_id => 'other'), null, 'once');

-- the history of a ticket
create temp table t as select (tap.ticket() -> 'answer' ->> 'ticket_id')::uuid as id;
delete from sms_log where ticket_id = (select id from t);
select pg_temp.put(n, jsonb_build_object('ticket', id, 'from', 70)) from t, generate_series(21, 24) n;
select is(pg_temp.claim(tap.at(70), 4), array[7, 21, 22, 23], 'messages of a ticket');
select pg_temp.outcome(21, 1, 'sent'), pg_temp.outcome(22, 1, 'failed', error => 'refused'), pg_temp.outcome(23, 1, 'retry', retry => tap.at(80)), pg_temp.outcome(21, 1, 'sent', provider_id => 'x');
select is(jsonb_agg(jsonb_build_array(event_type, new_value) order by seq), '[["sms_sent", null], ["sms_failed", "refused"]]', 'stand in its history, once each')
from ticket_events where event_type like 'sms%';
delete from sms_log;

-- the lost and the late stand there too, no more at a time than there are ids for
select pg_temp.put(n, jsonb_build_object('ticket', id, 'from', 70, 'until', 200)) from t, generate_series(24, 26) n;
select is(pg_temp.claim(tap.at(90), 2), array[24, 25], 'two are begun');
select is((select count(*) from tap.call('message_lost', jsonb_build_object('now', tap.at(100), 'event_ids', tap.uuids(1)))), 1::bigint, 'one is taken');
select is((select count(*) from tap.call('message_lost', jsonb_build_object('now', tap.at(100), 'event_ids', tap.uuids(9)))), 1::bigint, 'then the other');
select is((select array_agg(r ->> 'id') from tap.call('message_expire', jsonb_build_object('now', tap.at(200), 'event_ids', tap.uuids(9))) r), array[pg_temp.id(26)::text], 'one was never begun');
select is(jsonb_agg(jsonb_build_array(event_type, new_value) order by seq), '[["sms_unknown", "dispatcher lost"], ["sms_unknown", "dispatcher lost"], ["sms_expired", null]]', 'and the history says so')
from ticket_events where event_type in ('sms_unknown', 'sms_expired');

-- asking about them
create function pg_temp.ask(at timestamptz, since timestamptz, most int default 9) returns int[] language sql volatile
begin atomic
  select coalesce(array_agg(substr(c ->> 'body', 6)::int order by substr(c ->> 'body', 6)::int), '{}')
  from tap.call('message_ask', jsonb_build_object('now', at, 'providers', '{console,ecall}', 'since', array[since, since]::text, 'by_id', '{false,true}', 'most', most)) c;
end;
create function pg_temp.resolve(n int, attempt int, said text, at timestamptz, provider_id text default null, error text default null) returns text language sql volatile
begin atomic
  select tap.call('message_resolve', jsonb_build_object('ids', array[pg_temp.id(n)]::text, 'attempts', array[attempt]::text, 'said', array[said]::text,
    'provider_ids', array[provider_id]::text, 'errors', array[error]::text, 'event_ids', tap.uuids(1), 'now', at)) ->> 'status';
end;
update sms_log set expires_at = tap.at(999) where status = 'unknown';
update sms_log set status_at = tap.at(1) where id = pg_temp.id(24);
update sms_log set provider = 'ecall' where status = 'unknown' and id not in (pg_temp.id(24), pg_temp.id(25));
select is(pg_temp.ask(tap.at(110), tap.at(50)), array[24], 'only whose attempt is over for long enough');
select is(pg_temp.ask(tap.at(110), tap.at(100)), array[25], 'nobody asks about the same at the same time');
select is(pg_temp.ask(tap.at(111), tap.at(100)), array[24, 25], 'a minute later again');
select is(pg_temp.ask(tap.at(112), tap.at(100)), '{}'::int[], 'then after two');
select is(pg_temp.resolve(24, 2, 'sent', tap.at(120)), null, 'told about another attempt');
select is(pg_temp.resolve(24, 1, 'sent', tap.at(120), provider_id => 's24'), 'sent', 'told');
select is(pg_temp.resolve(24, 1, 'absent', tap.at(121)), null, 'once');
select is(pg_temp.resolve(25, 1, 'sent', tap.at(121), provider_id => 's24'), null, 'an id that another has is not this one''s');
select is(pg_temp.resolve(25, 1, 'absent', tap.at(121), error => 'no such job'), 'queued', 'the provider never had it');
select is(pg_temp.claim(tap.at(122), 9), array[25], 'so it is sent again');
select pg_temp.outcome(25, 2, 'unknown');
update sms_log set expires_at = tap.at(130) where id = pg_temp.id(25);
select is(pg_temp.resolve(25, 2, 'absent', tap.at(131)), 'expired', 'or not, when it is too late');
select is(jsonb_agg(event_type order by seq), '["sms_sent", "sms_unknown", "sms_expired"]', 'all of it in the history')
from (select * from ticket_events order by seq desc limit 3) e;
select is((select tap.call('command_message_resolve', jsonb_build_object('id', pg_temp.id(24), 'said', 'failed', 'event_id', gen_random_uuid(), 'now', tap.at(132)))),
          '{"before": "sent", "status": null}', 'a person decides about nothing that is known');
update sms_log set status = 'unknown' where id = pg_temp.id(24);
select is((select tap.call('command_message_resolve', jsonb_build_object('id', pg_temp.id(24), 'said', 'failed', 'event_id', gen_random_uuid(), 'now', tap.at(132)))),
          '{"before": "unknown", "status": "failed"}', 'but about what is not');
delete from sms_log;

-- the budget
update customers set daily_segments = 5 where id = tap.a();
delete from segment_usage;
select pg_temp.put(31, '{"segments": 2}'), pg_temp.put(32, '{"segments": 2}'), pg_temp.put(33, '{"segments": 2}'), pg_temp.put(34, '{"segments": 9, "template": "alert"}'), pg_temp.put(35, jsonb_build_object('tenant', tap.b()));
select is(pg_temp.claim(tap.at(50), 9), array[31, 32, 34, 35], 'over the budget nothing is sent, alerts and other tenants excepted');
select is(pg_temp.state(33), 'suppressed 0 budget', 'a row says so');
select is(jsonb_object_agg(customer_id, segments), jsonb_build_object(tap.a(), 13, tap.b(), 1), 'what was begun is counted') from segment_usage where day = '2024-03-04';
select pg_temp.outcome(31, 1, 'retry', tap.at(51), retry => tap.at(52));
select is(pg_temp.claim(tap.at(52), 9), array[31], 'a second attempt was paid for already');
select is(segments, 13, 'and is not counted again') from segment_usage where customer_id = tap.a();
select pg_temp.put(36, '{"from": 0, "until": 9999}');
select is(pg_temp.claim('2024-03-04T23:00:00Z', 9), array[36], 'midnight in Zurich is a new day');
select is(jsonb_agg(day order by day), '["2024-03-04", "2024-03-05"]', 'with a count of its own') from segment_usage where customer_id = tap.a();

-- a request for a review leaves half of the budget to answers, and waits for the next morning instead of being lost
delete from sms_log;
delete from segment_usage;
select pg_temp.put(41, '{"template": "review_request", "segments": 2}'), pg_temp.put(42, '{"template": "review_request", "segments": 2, "until": 142}'), pg_temp.put(43, '{"segments": 2}');
select is(pg_temp.claim(tap.at(50), 9), array[41, 43], 'over half of the budget no review is asked for, but answers leave');
select is(jsonb_build_array(status, attempts, reason, not_before, expires_at), '["queued", 0, null, "2024-03-05T06:00:00+00:00", "2024-03-05T07:40:00+00:00"]', 'it waits for the end of the quiet hours') from sms_log where id = pg_temp.id(42);
select is(pg_temp.claim('2024-03-05T06:00:00Z', 9), array[42], 'and leaves then');
update customers set daily_segments = 1 where id = tap.a();
select pg_temp.put(44, '{"template": "review_request", "segments": 2, "until": 9999}');
select is(pg_temp.claim('2024-03-06T06:00:00Z', 9), '{}'::int[], 'what no day has room for');
select is(pg_temp.state(44), 'suppressed 0 budget', 'does not wait for ever');
update customers set daily_segments = null where id = tap.a();

-- and what was held up until people sleep waits for their morning, at each attempt
delete from sms_log;
delete from segment_usage;
select pg_temp.put(45, '{"template": "review_request", "until": 2880}'), pg_temp.put(46, '{"until": 2880}');
select is(pg_temp.claim('2024-03-04T22:30:00Z', 9), array[46], 'nobody is asked for a review at half past eleven at night');
select is(jsonb_build_array(status, attempts, reason, not_before, expires_at - not_before), '["queued", 0, null, "2024-03-05T06:00:00+00:00", "1 day 23:15:00"]',
          'it waits for the morning, as useful as it was') from sms_log where id = pg_temp.id(45);
select is(segments, 1, 'and costs nothing yet') from segment_usage where customer_id = tap.a();
select is(pg_temp.claim('2024-03-05T06:00:00Z', 9), array[45], 'then it leaves');
select pg_temp.outcome(45, 1, 'retry', at => '2024-03-05T06:00:01Z', retry => '2024-03-06T02:00:00Z');
select is(pg_temp.claim('2024-03-06T02:00:00Z', 9), '{}'::int[], 'a second attempt wakes nobody either');
update customers set quiet_hours_start = '12:00', quiet_hours_end = '13:30' where id = tap.a();
update sms_log set not_before = tap.at() where id = pg_temp.id(45);
select pg_temp.claim('2024-03-06T11:45:00Z', 9);
select is(not_before, '2024-03-06T12:30:00Z', 'quiet hours of a day end on it') from sms_log where id = pg_temp.id(45);
update customers set quiet_hours_start = null, quiet_hours_end = null where id = tap.a();

-- what has changed while a message waited for another attempt
delete from sms_log;
create temp table u as select (tap.ticket('{"phone": "+41791230009"}') -> 'answer' ->> 'ticket_id')::uuid as id;
delete from sms_log;
select pg_temp.put(50 + n, jsonb_build_object('ticket', u.id, 'from', n, 'template', ('{review_request,missed_call,reply_stop,alert}'::text[])[n])) from u, generate_series(1, 4) n;
update sms_log set contact_id = (select t.contact_id from tickets t join u using (id)) where template <> 'alert';
update tickets set status = 'DONE' where id = (select id from u);
select is(pg_temp.claim(tap.at(50), 9), array[51, 52, 53, 54], 'all leave');
select count(pg_temp.outcome(n, 1, 'retry', tap.at(51), retry => tap.at(52))) from generate_series(51, 54) n;
update tickets set status = 'NEW' where id = (select id from u);
update contacts set last_review_at = (select created_at from sms_log where id = pg_temp.id(51)), prior_review_at = tap.at(-9999) where phone = '+41791230009';
select is(pg_temp.claim(tap.at(52), 9), array[52, 53, 54], 'the ticket was reopened: no review is asked for');
select is(pg_temp.state(51), 'suppressed 1 withdrawn', 'and why');
select is(last_review_at, tap.at(-9999), 'who was not asked after all was asked when he was before') from contacts where phone = '+41791230009';
select count(pg_temp.outcome(n, 2, 'retry', tap.at(53), retry => tap.at(54))) from generate_series(52, 54) n;
update contacts set opted_out_at = tap.at(53) where phone = '+41791230009';
select is(pg_temp.claim(tap.at(54), 9), array[53, 54], 'after STOP only its answer and what the firm gets');
select is(pg_temp.state(52), 'suppressed 2 opted_out', 'and why not the others');
select pg_temp.put(55), pg_temp.put(56, '{"template": "alert"}');
update customers set active = false where id = tap.a();
select is(pg_temp.claim(tap.at(60), 9), array[56], 'a firm that is not served any more sends nothing');
select is(pg_temp.state(55), 'suppressed 0 inactive', 'and why');

select * from finish();
rollback;
