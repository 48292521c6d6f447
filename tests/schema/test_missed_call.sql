-- MISSED_CALL_OPEN: a ticket first, then at most one text in 15 minutes; withheld callers; replays
begin;
select tap.start();
select plan(58);

create temp table got (n int, r jsonb);

insert into got values (1, tap.missed('{"event_id": "c1"}'));
select is((r -> 'answer') - 'ticket_id', '{"number": 1, "status": "queued", "reason": null, "alarm": true}', 'a missed call is answered with a text') from got where n = 1;
select is(jsonb_build_array(source, status, urgency, unread, sla_due_at = tap.at(120)), '["missed_call", "NEW", "MED", true, true]', 'and is a ticket') from tickets;
select is(jsonb_agg(jsonb_build_array(template, body, status)), '[["missed_call", "de text", "queued"]]', 'the text is in the tenant''s language') from sms_log;
select is(jsonb_agg(jsonb_build_array(event_type, new_value)), '[["created", "missed_call"]]', 'its history begins') from ticket_events;
select is(language, null, 'the tenant''s language is not taken for the caller''s') from contacts;
select is(tap.missed('{"event_id": "c1"}', tap.at(1)) -> 'answer', r -> 'answer', 'a replay gets the first answer') from got where n = 1;

select is((tap.missed('{}', tap.at(n)) -> 'answer') - 'ticket_id' - 'number', '{"status": "dedupe", "reason": "recent", "alarm": false}', 'no second text at minute ' || n)
from unnest('{0,5,14.9}'::numeric[]) n;
select is(count(*), 1::bigint, 'one text') from sms_log;
select is(count(*), 1::bigint, 'one ticket') from tickets;
select is(count(*), 3::bigint, 'every call stands in the history') from ticket_events where event_type = 'updated';
select is(tap.missed('{}', tap.at(15)) -> 'answer' -> 'status', '"queued"', 'after 15 minutes again');

-- reopening and the status of tickets at work
select is(tap.missed('{}', tap.at(31)) -> 'answer' -> 'status', '"queued"', 'and again');
update tickets set status = 'DONE', job_completed_at = tap.at(40), review_due_at = tap.at(160), unread = false, urgency = 'LOW';
select is(tap.missed('{}', tap.at(50)) -> 'answer' -> 'status', '"queued"', 'a call meets a finished ticket');
select is(jsonb_build_array(status, urgency, job_completed_at, review_due_at, unread, sla_due_at = tap.at(170)), '["NEW", "MED", null, null, true, true]', 'and reopens it') from tickets;
select is(jsonb_agg(jsonb_build_array(event_type, old_value, new_value) order by seq), '[["status_changed", "DONE", "NEW"], ["urgency_changed", "LOW", "MED"]]', 'with its history')
from ticket_events where event_type in ('status_changed', 'urgency_changed');
update tickets set status = 'IN_PROGRESS', urgency = 'HIGH';
select is(tap.missed('{}', tap.at(51)) -> 'answer' -> 'status', '"dedupe"', 'a call during the work');
select is(jsonb_build_array(status, urgency), '["IN_PROGRESS", "HIGH"]', 'weakens nothing') from tickets;

-- the guard
select is(tap.missed('{}', tap.at(80)) -> 'answer' -> 'reason', '"loop_guard"', 'four texts in a day are enough');
select is(tap.missed('{}', tap.at(81)) -> 'answer' -> 'status', '"recorded"', 'and stay enough');
select is(count(*), 1::bigint, 'one row says why') from sms_log where reason = 'loop_guard';

-- a landline that rings twenty times
select is(tap.missed('{"phone": "+41431112233", "phone_kind": "fixed", "suppress": "landline"}', tap.at(n * 0.5)) -> 'answer' -> 'status', '"recorded"', 'landline, ring ' || n)
from generate_series(0, 19) n;
select is(count(*), 1::bigint, 'one suppressed row in 15 minutes') from sms_log where to_number = '+41431112233';
select is((tap.missed('{"phone": "+41431112233", "phone_kind": "fixed", "suppress": "landline"}', tap.at(16)) -> 'answer') - 'ticket_id' - 'number', '{"status": "recorded", "reason": "landline", "alarm": false}', 'a landline, later');
select is(jsonb_agg(jsonb_build_array(status, reason)), '[["suppressed", "landline"], ["suppressed", "landline"]]', 'is noted again') from sms_log where to_number = '+41431112233';
select is(jsonb_build_array(phone_kind, cardinality(auto_sent_at), missed_text_at), '["fixed", 0, null]', 'what was not sent is not counted') from contacts where phone = '+41431112233';

-- at night: one text waits for the morning, and the window counts from then
select is(tap.missed('{"phone": "+41791110003", "not_before": "2024-03-05T06:00:00Z"}', '2024-03-04T22:00:00Z') -> 'answer' -> 'status', '"deferred"', 'at night it waits');
select is(not_before, '2024-03-05T06:00:00Z', 'until the morning') from sms_log where to_number = '+41791110003';
select is(tap.missed('{"phone": "+41791110003", "not_before": "2024-03-05T06:00:00Z", "dedupe_key": null}', at) -> 'answer' -> 'status', '"dedupe"', 'no second text at ' || at)
from unnest('{2024-03-04T23:00:00Z,2024-03-05T06:14:00Z}'::timestamptz[]) at;
select is(tap.missed('{"phone": "+41791110003"}', '2024-03-05T06:15:00Z') -> 'answer' -> 'status', '"queued"', 'a quarter of an hour after it was sent, again');

-- withheld
create temp table withheld as
select tap.missed('{"phone": null, "dedupe_key": null, "contact_id": null, "phone_kind": null, "suppress": "withheld"}', tap.at(n)) -> 'answer' as answer from generate_series(1, 3) n;
select is(count(distinct answer -> 'ticket_id'), 3::bigint, 'a withheld caller never meets an earlier ticket') from withheld;
select is(jsonb_agg(distinct jsonb_build_array(contact_id, contact_phone)), '[[null, null]]', 'nor has a contact') from tickets where id in (select (answer ->> 'ticket_id')::uuid from withheld);
select is(jsonb_agg(jsonb_build_array(status, reason, to_number)), '[["suppressed", "withheld", null], ["suppressed", "withheld", null], ["suppressed", "withheld", null]]', 'each is noted')
from sms_log where reason = 'withheld';

-- opted out, and the contact's language
insert into contacts (id, customer_id, phone, language, opted_out_at, created_at, seen_at)
values (gen_random_uuid(), tap.a(), '+41791110001', 'it', tap.at(), tap.at(), tap.at()), (gen_random_uuid(), tap.a(), '+41791110002', 'it', null, tap.at(), tap.at());
select is(tap.missed('{"phone": "+41791110001"}') -> 'answer' -> 'reason', '"opted_out"', 'who opted out gets no text');
select is(tap.missed('{"phone": "+41791110002"}') -> 'answer' -> 'status', '"queued"', 'an Italian caller');
select is(body, 'it text', 'is answered in Italian') from sms_log where to_number = '+41791110002';

-- the same number calls two firms
select is(tap.missed('{}', tap.at(), tap.b()) -> 'answer' -> 'status', '"queued"', 'the other firm knows nothing of the window');

select * from finish();
rollback;
