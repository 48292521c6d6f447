-- TICKET_OPEN: one contact, one open ticket a day; nothing lost or weakened; one confirmation; replays
begin;
select tap.start();
select plan(67);

create temp view t as select * from tickets order by number;
create temp table got (n int, r jsonb);

-- a new ticket
insert into got values (1, tap.ticket('{"event_id": "e1", "name": "Hans", "summary": "Hahn tropft", "language": "fr", "intent": "leak", "urgency": "LOW",
  "metadata": {"floor": 2}, "consent": {"version": "2024-01", "language": "de"}, "raw": "body"}'));
select is(r - 'answer', '{"replay": false, "same_body": true}', 'a first request is no replay') from got where n = 1;
select is((r -> 'answer') - 'ticket_id', '{"number": 1, "reason": null, "confirmation": "queued", "dedupe_matched": false, "sla_due_at": "2024-03-04T12:00:00+00:00", "alarm": false}',
          'the answer of a new ticket') from got where n = 1;
select is(jsonb_build_array(status, urgency, source, unread, contact_name, contact_phone, summary, metadata, confirmed_at = tap.at()),
          '["NEW", "LOW", "wizard", true, "Hans", "+41791234567", "Hahn tropft", {"floor": 2}, true]', 'the row of a new ticket') from t;
select is(jsonb_build_array(phone, phone_kind, name, language, cardinality(auto_sent_at)), '["+41791234567", "mobile", "Hans", "fr", 1]',
          'the contact of a new ticket') from contacts;
select is(jsonb_agg(jsonb_build_array(event_type, new_value)), '[["created", "Hahn tropft"]]', 'the history of a new ticket') from ticket_events;
select is(jsonb_agg(jsonb_build_array(template, body, status, provider, to_number)),
          '[["ticket_confirmation", "fr new", "queued", "console", "+41791234567"]]', 'the confirmation is in the language of the request') from sms_log;
select is(jsonb_build_array(provider, raw, verified), '["test", "body", true]', 'the event is kept') from inbound_events;
select is(jsonb_build_array(text_version, language, given_at = tap.at(), ticket_id = (select id from t)), '["2024-01", "de", true, true]', 'the consent is kept') from consents;

-- the same event again
insert into got values (2, tap.ticket('{"event_id": "e1"}', tap.at(5)));
select is(b.r, jsonb_set(a.r, '{replay}', 'true'), 'a replay gets the first answer') from got a, got b where a.n = 1 and b.n = 2;
select is(r -> 'same_body', 'false', 'the same key with another body is seen') from (select tap.ticket('{"event_id": "e1", "fingerprint": "g"}', tap.at(6)) as r) x;
select is(array[(select count(*) from tickets), (select count(*) from ticket_events), (select count(*) from sms_log), (select count(*) from inbound_events)],
          array[1, 1, 1, 1]::bigint[], 'a replay writes nothing');

-- the contact again on the same day
insert into got values (3, tap.ticket('{"name": "Peter", "email": "h@example.ch", "phone": "+41791234567", "summary": "Jetzt mehr", "urgency": "HIGH", "intent": "flood", "metadata": {"floor": 9, "door": 1}}', tap.at(10)));
select is((r -> 'answer') - 'ticket_id', '{"number": 1, "reason": "recent", "confirmation": "none", "dedupe_matched": true, "sla_due_at": "2024-03-04T12:00:00+00:00", "alarm": true}',
          'within 30 minutes no second confirmation, and the promise stands') from got where n = 3;
select is(jsonb_build_array(status, urgency, contact_name, contact_email, intent, summary, metadata, number),
          '["NEW", "HIGH", "Hans", "h@example.ch", "leak", "Hahn tropft\nJetzt mehr", {"floor": 2, "door": 1}, 1]',
          'an update adds, fills and raises; it overwrites nothing') from t;
select is(jsonb_agg(jsonb_build_array(event_type, old_value, new_value) order by seq) - 0,
          '[["updated", null, "Jetzt mehr"], ["urgency_changed", "LOW", "HIGH"]]', 'the history of an update') from ticket_events;
select is(metadata -> 'name', '"Peter"', 'what was not filled in stands in the history') from ticket_events where event_type = 'updated';
select is(jsonb_build_array(name, email, language), '["Hans", "h@example.ch", "fr"]', 'the contact is filled, not overwritten') from contacts;
select lives_ok($$select tap.ticket('{"urgency": "LOW"}', tap.at(12))$$, 'a weaker request');
select is(urgency, 'HIGH', 'urgency never falls') from t;

-- later on that day
insert into got values (4, tap.ticket('{}', tap.at(45)));
select is(r -> 'answer' -> 'confirmation', '"queued"', 'after 30 minutes it is confirmed again') from got where n = 4;
select is(body, 'fr joined', 'with the text for a joined ticket') from sms_log order by created_at desc limit 1;
select is(sla_due_at, tap.at(120), 'the first promise stands') from t;

-- staff have begun: the status stays
update tickets set status = 'SCHEDULED';
select lives_ok($$select tap.ticket('{}', tap.at(60))$$, 'a request meets a scheduled ticket');
select is(status, 'SCHEDULED', 'an inbound request never moves a status back') from t;

-- done: reopened
update tickets set status = 'DONE', job_completed_at = tap.at(60), review_due_at = tap.at(180), review_request_sent_at = tap.at(90), unread = false;
update contacts set last_review_at = tap.at(90), prior_review_at = tap.at(-500000);
insert into sms_log (id, customer_id, contact_id, ticket_id, direction, template, to_number, body, provider, status, not_before, expires_at, status_at, created_at)
select gen_random_uuid(), tap.a(), contact_id, id, 'outbound', 'review_request', contact_phone, 'x', 'console', 'queued', tap.at(90), tap.at(900), tap.at(90), tap.at(90) from t;
insert into got values (5, tap.ticket('{"summary": "tropft wieder"}', tap.at(100)));
select is(r -> 'answer', (select jsonb_build_object('ticket_id', id, 'number', 1, 'dedupe_matched', true, 'confirmation', 'queued', 'reason', null, 'sla_due_at', tap.at(220), 'alarm', false) from t),
          'a finished ticket is reopened with a new promise') from got where n = 5;
select is(jsonb_build_array(status, job_completed_at, review_due_at, review_request_sent_at, unread), '["NEW", null, null, null, true]', 'nothing of DONE is left') from t;
select is(jsonb_build_array(status, reason), '["suppressed", "withdrawn"]', 'the unsent review request is withdrawn') from sms_log where template = 'review_request';
select is(last_review_at, tap.at(-500000), 'and the contact has its last review request back') from contacts;
select is(body, 'fr new', 'the confirmation promises again') from sms_log where template = 'ticket_confirmation' order by created_at desc limit 1;
select is(jsonb_build_array(event_type, old_value, new_value), '["status_changed", "DONE", "NEW"]', 'the history says so') from ticket_events order by seq desc limit 1;

-- closed is final
update tickets set status = 'CLOSED';
select is(tap.ticket('{}', tap.at(101)) -> 'answer' -> 'dedupe_matched', 'false', 'a closed ticket is not reopened');
select is(count(*), 2::bigint, 'a new one is opened') from t;
select is(tap.ticket('{}', tap.at(1440)) -> 'answer' -> 'dedupe_matched', 'false', 'the next day is a new ticket');

-- loop guard: 4 automatic messages in 24 hours
select is(jsonb_agg(r -> 'answer' -> 'confirmation'), '["queued", "queued", "queued", "queued", "suppressed"]', 'the fifth is held back')
from (select tap.ticket('{"phone": "+41791110001"}', tap.at(n * 31)) as r from generate_series(0, 4) n) x;
select is(jsonb_agg(jsonb_build_array(status, reason)), '[["suppressed", "loop_guard"]]', 'as a row with its reason') from sms_log where to_number = '+41791110001' and status <> 'queued';
select is(confirmed_at, tap.at(93), 'what is held back confirms nothing') from tickets where contact_phone = '+41791110001';
select is(tap.ticket('{"phone": "+41791110001"}', tap.at(1441)) -> 'answer' -> 'confirmation', '"queued"', 'a day after the first there is room again');

-- why a confirmation is not sent at once
select is((tap.ticket('{"phone": "+41791110002", "not_before": "2024-03-05T06:00:00Z"}') -> 'answer') ->> 'confirmation', 'deferred', 'later than now is deferred');
select is(tap.ticket('{"phone": "+41431110003", "suppress": "landline"}') -> 'answer' -> 'reason', '"landline"', 'a reason known before is kept');
select is(tap.ticket('{"phone": "+41431110003", "suppress": "landline"}', tap.at(1)) -> 'answer' -> 'confirmation', '"suppressed"', 'a suppressed confirmation does not count as one');
insert into contacts (id, customer_id, phone, opted_out_at, created_at, seen_at) values (gen_random_uuid(), tap.a(), '+41791110004', tap.at(), tap.at(), tap.at());
select is(tap.ticket('{"phone": "+41791110004"}') -> 'answer' -> 'reason', '"opted_out"', 'who opted out gets nothing');
insert into segment_usage values (tap.a(), '2024-03-04', 500);
select is(tap.ticket('{"phone": "+41791110005"}') -> 'answer' -> 'reason', '"budget"', 'a spent budget');
select is(tap.ticket('{"phone": "+41791110006"}', '2024-03-04T23:00:00Z') -> 'answer' -> 'confirmation', '"queued"', 'the budget is of a day in the tenant''s zone');
delete from segment_usage;

-- e-mail only
insert into got values (6, tap.ticket('{"email": "anna@example.ch", "suppress": "no_phone", "summary": "eins"}'));
select is(jsonb_build_array(contact_phone, contact_email), '[null, "anna@example.ch"]', 'a ticket without a number') from t where contact_email = 'anna@example.ch';
select is((tap.ticket('{"email": "anna@example.ch", "suppress": "no_phone"}', tap.at(3)) -> 'answer') ->> 'number', r -> 'answer' ->> 'number', 'is joined by the address') from got where n = 6;
select is(count(*), 1::bigint, 'one contact') from contacts where email = 'anna@example.ch';
select isnt((tap.ticket('{"email": "anna@example.ch", "phone": "+41791110007"}', tap.at(4)) -> 'answer') ->> 'number', r -> 'answer' ->> 'number', 'with a number it is another contact') from got where n = 6;
select is(count(*), 2::bigint, 'two contacts may share a mailbox') from contacts where email = 'anna@example.ch';
select is((tap.ticket('{"email": "anna@example.ch", "suppress": "no_phone"}', tap.at(5)) -> 'answer') ->> 'number', r -> 'answer' ->> 'number', 'who writes without a number is still the first') from got where n = 6;
select is(tap.ticket('{"email": "h@example.ch", "suppress": "no_phone"}', tap.at(6)) -> 'answer' -> 'dedupe_matched', 'false', 'an address does not lead to a contact with a number');

-- lengths
select lives_ok(format('select tap.ticket(%L, tap.at(%s))', jsonb_build_object('phone', '+41791110008', 'summary', repeat('x', 6000), 'metadata', jsonb_build_object('k' || n, repeat('y', 3900))), n * 31),
                'a long request ' || n) from generate_series(1, 6) n;
select is(length(summary), 10000, 'the summary has an end') from tickets where contact_phone = '+41791110008';
select cmp_ok(length(metadata::text), '<=', 16000, 'the metadata too') from tickets where contact_phone = '+41791110008';
select is(length(new_value), 6000, 'the history has the whole') from ticket_events e join tickets t on t.id = e.ticket_id where contact_phone = '+41791110008' order by seq desc limit 1;

-- Idempotency-Key: seven days
select is(tap.ticket('{"provider": "api", "event_id": "key", "phone": "+41791110009"}') -> 'replay', 'false', 'a key is used');
select is(tap.ticket('{"provider": "api", "event_id": "key", "phone": "+41791110009"}', tap.at(7 * 1440 - 1)) -> 'replay', 'true', 'it counts for seven days');
insert into got values (7, tap.ticket('{"provider": "api", "event_id": "key", "phone": "+41791110009", "fingerprint": "new"}', tap.at(7 * 1440)));
select is(r - 'answer', '{"replay": false, "same_body": true}', 'then it is free') from got where n = 7;
select is(jsonb_agg(jsonb_build_array(fingerprint, answer = r -> 'answer', received_at = tap.at(7 * 1440))), '[["new", true, true]]', 'and stands for the new request') from inbound_events, got where event_id = 'key' and n = 7;
select is(tap.ticket('{"provider": "twilio", "event_id": "sid", "phone": "+41791110009"}', tap.at(-20 * 1440)) -> 'replay', 'false', 'a provider''s event');
select is(tap.ticket('{"provider": "twilio", "event_id": "sid", "phone": "+41791110009"}') -> 'replay', 'true', 'counts for ever');

-- the other firm knows nothing of all this
select is(tap.ticket('{"event_id": "e1"}', tap.at(), tap.b()) -> 'answer' -> 'number', '1', 'another tenant counts from 1 and replays nothing');
select is(tap.ticket('{"source": "manual", "phone": "+41791110010"}') -> 'replay', 'false', 'staff write a ticket');
select is(unread, false, 'their own is not unread') from tickets where contact_phone = '+41791110010';

select * from finish();
rollback;
