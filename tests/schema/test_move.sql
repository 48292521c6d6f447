-- TICKET_MOVE, TICKET_LOCK: compare-and-set, appointments, what leaving DONE undoes, status messages
begin;
select tap.start();
select plan(42);

create function pg_temp.id(phone text) returns uuid language sql stable return (select id from tickets where contact_phone = phone order by created_at desc limit 1);
create function pg_temp.slot(hour int, hours int, who text) returns jsonb language sql volatile
  return jsonb_build_object('appointment_id', gen_random_uuid(), 'starts_at', '2024-03-06T00:00:00Z'::timestamptz + hour * interval '1 hour',
                            'ends_at', '2024-03-06T00:00:00Z'::timestamptz + (hour + hours) * interval '1 hour', 'who', who);
select tap.ticket('{"phone": "+41791110001"}'), tap.ticket('{"phone": "+41791110002"}'), tap.ticket('{"phone": "+41431110003", "phone_kind": "fixed"}');

-- three different answers
select is(tap.move(pg_temp.id('+41791110001'), 'NEW', 'IN_PROGRESS', '{}', tap.at(1)) - 'ticket_id', '{"number": 1, "before": "NEW", "moved": true, "message": "none"}', 'moved');
select is(tap.move(pg_temp.id('+41791110001'), 'NEW', 'DONE', '{}', tap.at(2)) - 'ticket_id', '{"number": 1, "before": "IN_PROGRESS", "moved": false, "message": "none"}', 'another status than expected');
select is(tap.move(gen_random_uuid(), 'NEW', 'DONE'), null, 'no such ticket');
select is(tap.move(pg_temp.id('+41791110001'), 'IN_PROGRESS', 'DONE', '{}', tap.at(2), tap.b()), null, 'nor a ticket of another firm');
select is(jsonb_build_array(status, unread, updated_at = tap.at(1), job_completed_at), '["IN_PROGRESS", false, true, null]', 'the row: staff have read it') from tickets where number = 1;
select is(jsonb_agg(jsonb_build_array(event_type, old_value, new_value, metadata)), '[["status_changed", "NEW", "IN_PROGRESS", {"actor": "Anna"}]]', 'the history says who')
from ticket_events where event_type = 'status_changed';

-- done, and back
select is(tap.move(pg_temp.id('+41791110001'), 'IN_PROGRESS', 'DONE', jsonb_build_object('review_due_at', tap.at(130)), tap.at(10)) -> 'moved', 'true', 'done');
select is(jsonb_build_array(job_completed_at = tap.at(10), review_due_at = tap.at(130)), '[true, true]', 'with the time of the review') from tickets where number = 1;
update tickets set review_request_sent_at = tap.at(130), review_due_at = null where number = 1;
update contacts set last_review_at = tap.at(130), prior_review_at = tap.at(-400000) where phone = '+41791110001';
insert into sms_log (id, customer_id, contact_id, ticket_id, direction, template, to_number, body, provider, status, not_before, expires_at, status_at, created_at)
select gen_random_uuid(), tap.a(), contact_id, id, 'outbound', 'review_request', contact_phone, 'x', 'console', 'queued', tap.at(130), tap.at(900), tap.at(130), tap.at(130) from tickets where number = 1;
select is(tap.move(pg_temp.id('+41791110001'), 'DONE', 'NEEDS_CALLBACK', jsonb_build_object('sla_due_at', tap.at(260)), tap.at(140)) -> 'moved', 'true', 'taken back');
select is(jsonb_build_array(job_completed_at, review_due_at, review_request_sent_at, sla_due_at = tap.at(260)), '[null, null, null, true]', 'nothing of DONE is left, the promise is new') from tickets where number = 1;
select is(reason, 'withdrawn', 'the unsent review request is withdrawn') from sms_log where template = 'review_request';
select is(last_review_at, tap.at(-400000), 'and the contact has its last one back') from contacts where phone = '+41791110001';
select is(tap.move(pg_temp.id('+41791110001'), 'NEEDS_CALLBACK', 'DONE', jsonb_build_object('review_due_at', tap.at(300)), tap.at(150)) -> 'moved', 'true', 'done again');
select is(tap.move(pg_temp.id('+41791110001'), 'DONE', 'CLOSED', '{}', tap.at(160)) -> 'moved', 'true', 'closed');
select is(jsonb_build_array(status, job_completed_at = tap.at(150), review_due_at), '["CLOSED", true, null]', 'a closed ticket keeps when it was done and asks nothing') from tickets where number = 1;

-- appointments
select is(tap.move(pg_temp.id('+41791110002'), 'NEW', 'SCHEDULED', pg_temp.slot(8, 2, 'Beat')) -> 'moved', 'true', 'an appointment');
select is(jsonb_build_array(who, starts_at, ends_at, cancelled_at), '["Beat", "2024-03-06T08:00:00+00:00", "2024-03-06T10:00:00+00:00", null]', 'is kept') from appointments;
select is(metadata -> 'appointment' ->> 'who', 'Beat', 'and in the history') from ticket_events where new_value = 'SCHEDULED';
select throws_ok(format('select tap.move(%L, ''NEW'', ''SCHEDULED'', pg_temp.slot(9, 2, ''Beat''))', pg_temp.id('+41431110003')), '23P01', null, 'nobody is in two places');
select is(status, 'NEW', 'then nothing has moved') from tickets where contact_phone = '+41431110003';
select lives_ok(format('select tap.move(%L, ''NEW'', ''SCHEDULED'', pg_temp.slot(9, 2, ''Carla''))', pg_temp.id('+41431110003')), 'somebody else has time');
select is(tap.move(pg_temp.id('+41791110002'), 'SCHEDULED', 'SCHEDULED', pg_temp.slot(9, 2, 'Beat')) -> 'moved', 'true', 'put off by an hour, over its own old time');
select is(count(*), 1::bigint, 'the old appointment is cancelled') from appointments where who = 'Beat' and cancelled_at is null;
select is(tap.move(pg_temp.id('+41791110002'), 'SCHEDULED', 'NEEDS_CALLBACK') -> 'moved', 'true', 'called off');
select is(count(*), 0::bigint, 'so is the new one') from appointments where who = 'Beat' and cancelled_at is null;

-- status messages
create temp table m (n int, r jsonb);
insert into m select 1, tap.move(pg_temp.id('+41791110002'), 'NEEDS_CALLBACK', 'IN_PROGRESS', jsonb_build_object('texts', tap.texts(false)), tap.at(20));
select is(r -> 'message', '"queued"', 'a firm that wants them sends a status message') from m where n = 1;
select is(jsonb_agg(jsonb_build_array(template, body, status, to_number)), '[["status_in_progress", "de text", "queued", "+41791110002"]]', 'the row') from sms_log where template like 'status%';
select is(cardinality(auto_sent_at), 2, 'it counts for the guard') from contacts where phone = '+41791110002';
select is(tap.move(pg_temp.id('+41431110003'), 'SCHEDULED', 'IN_PROGRESS', jsonb_build_object('texts', tap.texts(false))) -> 'message', '"suppressed"', 'not to a landline');
select is(reason, 'not_mobile', 'and why') from sms_log where template = 'status_in_progress' and to_number = '+41431110003';
select is(tap.move(pg_temp.id('+41791110002'), 'IN_PROGRESS', 'NEW', jsonb_build_object('texts', tap.texts(false), 'destinations', '^\+(?:49|43)')) -> 'message', '"suppressed"', 'nor abroad');
select is(tap.move(pg_temp.id('+41791110002'), 'NEW', 'IN_PROGRESS', jsonb_build_object('texts', tap.texts(false), 'destinations', '^\+(?:41|43)', 'not_before', tap.at(999))) -> 'message', '"deferred"', 'at night it waits');
update contacts set opted_out_at = tap.at() where phone = '+41791110002';
select is(tap.move(pg_temp.id('+41791110002'), 'IN_PROGRESS', 'NEW', jsonb_build_object('texts', tap.texts(false))) -> 'message', '"suppressed"', 'nor after STOP');
select is(jsonb_agg(reason order by reason), '["destination", "not_mobile", "opted_out"]', 'each with its reason') from sms_log where template like 'status%' and status = 'suppressed';

-- the lock of a ticket is the lock of its contact
create function pg_temp.held(tenant uuid, key text) returns boolean language sql
  return exists (select from pg_locks l, lateral (select hashtextextended(tenant || ' ' || key, 0) as h) x
                 where l.locktype = 'advisory' and l.pid = pg_backend_pid() and l.classid = ((h >> 32) & 4294967295)::oid and l.objid = (h & 4294967295)::oid);
insert into tickets (id, customer_id, number, source, status, urgency, contact_phone, contact_email, created_at, updated_at)
values (gen_random_uuid(), tap.a(), 901, 'manual', 'NEW', 'LOW', '+41799990002', 'both@example.ch', tap.at(), tap.at()),
       (gen_random_uuid(), tap.a(), 902, 'manual', 'NEW', 'LOW', null, 'mail@example.ch', tap.at(), tap.at());
create function pg_temp.lock(n int, tenant uuid) returns bigint language sql volatile
  return (select count(*) from tickets t, tap.call('ticket_lock', jsonb_build_object('ticket_id', t.id), tenant) where t.number = n and t.customer_id = tap.a());
select ok(not pg_temp.held(tap.a(), key), 'nobody has the lock of ' || key) from unnest('{+41799990002,mail@example.ch}'::text[]) key;
select is(pg_temp.lock(901, tap.b()), 0::bigint, 'another firm does not find the ticket');
select is(pg_temp.lock(901, tap.a()), 1::bigint, 'TICKET_LOCK finds it');
select ok(pg_temp.held(tap.a(), '+41799990002'), 'and takes the lock that requests of its contact take');
select ok(not pg_temp.held(tap.a(), 'both@example.ch'), 'which is the number where there is one');
select is(pg_temp.lock(902, tap.a()), 1::bigint, 'a ticket without a number');
select ok(pg_temp.held(tap.a(), 'mail@example.ch'), 'has the lock of the address');

select * from finish();
rollback;
