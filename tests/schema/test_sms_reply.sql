-- SMS_REPLY_RECEIVE: the table of meanings; what is answered; STOP and START; the guard
begin;
select tap.start();
select plan(326);

-- every meaning against every state of the contact's ticket, as design and table say
create temp table rule (meaning text, before text, after text, urgency text, answered text);
insert into rule values
  ('urgent', null, 'NEW', 'HIGH', 'queued'),            ('callback', null, 'NEEDS_CALLBACK', 'MED', 'queued'),
  ('urgent', 'NEW', 'NEW', 'HIGH', 'queued'),           ('callback', 'NEW', 'NEEDS_CALLBACK', 'MED', 'queued'),
  ('urgent', 'NEEDS_CALLBACK', 'NEEDS_CALLBACK', 'HIGH', 'queued'), ('callback', 'NEEDS_CALLBACK', 'NEEDS_CALLBACK', 'MED', 'queued'),
  ('urgent', 'SCHEDULED', 'SCHEDULED', 'HIGH', 'queued'), ('callback', 'SCHEDULED', 'SCHEDULED', 'MED', 'queued'),
  ('urgent', 'IN_PROGRESS', 'IN_PROGRESS', 'HIGH', 'queued'), ('callback', 'IN_PROGRESS', 'IN_PROGRESS', 'MED', 'queued'),
  ('urgent', 'DONE', 'NEW', 'HIGH', 'queued'),          ('callback', 'DONE', 'NEEDS_CALLBACK', 'MED', 'queued'),
  ('text', null, 'NEW', 'MED', 'queued'),               ('form', null, null, null, 'queued'),
  ('text', 'NEW', 'NEW', 'MED', 'none'),                ('form', 'NEW', 'NEW', 'LOW', 'queued'),
  ('text', 'NEEDS_CALLBACK', 'NEEDS_CALLBACK', 'MED', 'none'), ('form', 'SCHEDULED', 'SCHEDULED', 'LOW', 'queued'),
  ('text', 'SCHEDULED', 'SCHEDULED', 'MED', 'none'),    ('form', 'DONE', 'DONE', 'LOW', 'queued'),
  ('text', 'IN_PROGRESS', 'IN_PROGRESS', 'MED', 'none'), ('courtesy', null, null, null, 'none'),
  ('text', 'DONE', 'DONE', 'MED', 'none'),              ('courtesy', 'NEW', 'NEW', 'LOW', 'none'),
  ('courtesy', 'DONE', 'DONE', 'LOW', 'none'),          ('stop', null, null, null, 'queued'),
  ('stop', 'NEW', 'NEW', 'LOW', 'queued'),              ('stop', 'DONE', 'DONE', 'LOW', 'queued'),
  ('start', null, null, null, 'queued'),                ('start', 'DONE', 'DONE', 'LOW', 'queued');
create function pg_temp.try(r rule, phone text) returns jsonb language plpgsql as $$
declare
  answer jsonb;
  t tickets;
  f record;
begin
  if r.before is not null then
    perform tap.missed(jsonb_build_object('phone', phone), tap.at(-60));
    update tickets set urgency = 'LOW', unread = false, status = r.before, job_completed_at = case r.before when 'DONE' then tap.at(-30) end,
                       review_due_at = case r.before when 'DONE' then tap.at(90) end where contact_phone = phone;
  end if;
  answer := tap.reply(r.meaning, jsonb_build_object('phone', phone), tap.at()) -> 'answer';
  select * into t from tickets where contact_phone = phone;
  select count(*) as n, count(*) filter (where ticket_id is not null) as joined into f from sms_log where from_number = phone and status = 'received';
  return jsonb_build_object('after', t.status, 'urgency', t.urgency, 'answered', answer ->> 'answered',
    'kept', f.n, 'joined', f.joined, 'unread', t.unread, 'new_promise', t.sla_due_at = tap.at(120), 'due', t.review_due_at is not null,
    'text', (select body from sms_log where to_number = phone and template like 'reply%'),
    'received', (select count(*) from ticket_events where ticket_id = t.id and event_type = 'sms_received' and new_value = r.meaning),
    'moved', (select jsonb_agg(old_value || '>' || new_value) from ticket_events where ticket_id = t.id and event_type = 'status_changed'));
end $$;
create temp table tried as
select r.*, pg_temp.try(r, '+4179111' || lpad((row_number() over ())::text, 4, '0')) as x from rule r;

select is(x ->> 'after', after, meaning || ' on ' || coalesce(before, 'nothing') || ': status') from tried;
select is(x ->> 'urgency', urgency, meaning || ' on ' || coalesce(before, 'nothing') || ': urgency') from tried;
select is(x ->> 'answered', answered, meaning || ' on ' || coalesce(before, 'nothing') || ': answer') from tried;
select is(x -> 'kept', '1', meaning || ' on ' || coalesce(before, 'nothing') || ': the text is kept') from tried;
select is((x ->> 'joined')::int, (after is not null)::int, meaning || ' on ' || coalesce(before, 'nothing') || ': with its ticket') from tried;
select is((x ->> 'received')::int, (after is not null)::int, meaning || ' on ' || coalesce(before, 'nothing') || ': and in its history') from tried;
select is(x ->> 'moved', case when before <> after then format('["%s>%s"]', before, after) end, meaning || ' on ' || coalesce(before, 'nothing') || ': every move is in the history') from tried;
select is((x ->> 'unread')::boolean, meaning in ('urgent', 'callback', 'text'), meaning || ' on ' || before || ': unread') from tried where before is not null;
select is((x ->> 'new_promise')::boolean, before = 'DONE' and meaning in ('urgent', 'callback', 'text'), meaning || ' on ' || before || ': promise') from tried where before is not null;
select is((x ->> 'due')::boolean, after = 'DONE', meaning || ' on ' || before || ': only a finished ticket waits for a review') from tried where before = 'DONE';
select is(x ->> 'text', case when before is null and meaning in ('urgent', 'callback', 'text') or before = 'DONE' and meaning in ('urgent', 'callback') then 'de new' else 'de joined' end,
          meaning || ' on ' || coalesce(before, 'nothing') || ': wording') from tried where answered <> 'none';

-- which ticket a text joins
insert into contacts (id, customer_id, phone, created_at, seen_at) values ('0190a000-0000-7000-8000-0000000000c1', tap.a(), '+41792220001', tap.at(), tap.at());
create function pg_temp.put(n int, status text, age interval, key text default null) returns void language sql
begin atomic
  insert into tickets (id, customer_id, number, source, status, urgency, contact_id, contact_phone, dedupe_key, created_at, updated_at, job_completed_at)
  values (gen_random_uuid(), tap.a(), n, 'wizard', status, 'MED', '0190a000-0000-7000-8000-0000000000c1', '+41792220001', key, tap.at() - age, tap.at() - age,
          case when status = 'DONE' then tap.at() - age end);
end;
select pg_temp.put(9001, 'NEW', '6 days'), pg_temp.put(9002, 'SCHEDULED', '2 days'), pg_temp.put(9003, 'DONE', '1 hour'), pg_temp.put(9004, 'CLOSED', '1 minute');
select is(tap.reply('text', '{"phone": "+41792220001"}') -> 'answer' -> 'number', '9002', 'the newest open ticket, before a newer finished one');
update tickets set status = 'CLOSED' where number in (9001, 9002);
select is(tap.reply('text', '{"phone": "+41792220001"}') -> 'answer' -> 'number', '9003', 'else the newest finished one');
update tickets set status = 'CLOSED', job_completed_at = null where number = 9003;
select pg_temp.put(9005, 'NEW', '8 days');
select is(tap.reply('text', '{"phone": "+41792220001"}') -> 'answer' -> 'opened', 'true', 'none older than 7 days');
update tickets set status = 'CLOSED' where contact_phone = '+41792220001';
select pg_temp.put(9006, 'NEW', '8 days', tap.a() || ':+41792220001:2024-03-04');
select is(tap.reply('text', '{"phone": "+41792220001"}') -> 'answer' -> 'number', '9006', 'but the ticket of the day, whatever its age');

-- free text
select is(tap.missed('{"phone": "+41793330001"}') -> 'replay', 'false', 'a caller');
select is(tap.reply('text', '{"phone": "+41793330001", "body": "im Keller"}', tap.at(n)) -> 'answer' -> 'answered', '"none"', 'text ' || n || ' is not answered') from generate_series(1, 2) n;
select is(summary, e'im Keller\nim Keller', 'free text is shown with the ticket') from tickets where contact_phone = '+41793330001';
update tickets set status = 'DONE', job_completed_at = tap.at(3), unread = false, escalated_at = tap.at(2) where contact_phone = '+41793330001';
select is(tap.reply('text', '{"phone": "+41793330001", "body": "tropft noch"}', tap.at(n)) -> 'answer' -> 'answered', '"none"', 'text ' || n || ' after the work') from generate_series(10, 11) n;
select is(jsonb_build_array(status, unread, sla_due_at = tap.at(130), escalated_at, job_completed_at = tap.at(3)), '["DONE", true, true, null, true]',
          'a finished ticket becomes unread and due; a second text does not put that off') from tickets where contact_phone = '+41793330001';
select is(tap.reply('text', jsonb_build_object('phone', '+41793330001', 'body', repeat('x', 9999)), tap.at(12)) -> 'replay', 'false', 'a very long text');
select is(length(summary), 10000, 'is cut in the summary') from tickets where contact_phone = '+41793330001';
select is(length(body), 9999, 'and whole in the log') from sms_log where from_number = '+41793330001' order by created_at desc limit 1;

-- a review request is withdrawn, and given back to the contact
update tickets set review_request_sent_at = tap.at(20) where contact_phone = '+41793330001';
update contacts set last_review_at = tap.at(20), prior_review_at = null where phone = '+41793330001';
insert into sms_log (id, customer_id, contact_id, ticket_id, direction, template, to_number, body, provider, status, not_before, expires_at, status_at, created_at)
select gen_random_uuid(), tap.a(), contact_id, id, 'outbound', 'review_request', contact_phone, 'x', 'console', 'queued', tap.at(90), tap.at(900), tap.at(90), tap.at(90)
from tickets where contact_phone = '+41793330001';
select is(tap.reply('urgent', '{"phone": "+41793330001"}', tap.at(30)) -> 'answer' -> 'reopened', 'true', 'an emergency reopens');
select is(jsonb_agg(reason), '["withdrawn"]', 'the review request is withdrawn') from sms_log where to_number = '+41793330001' and template = 'review_request';
select is(jsonb_build_array(last_review_at, review_request_sent_at), '[null, null]', 'as if it had not been') from contacts c join tickets t on t.contact_id = c.id where c.phone = '+41793330001';

-- STOP and START
select is(tap.missed('{"phone": "+41794440001"}') -> 'answer' -> 'status', '"queued"', 'a text waits');
insert into sms_log (id, customer_id, contact_id, direction, template, to_number, body, provider, status, not_before, expires_at, status_at, created_at)
select gen_random_uuid(), tap.a(), id, 'outbound', 'alert', '+41434435200', 'x', 'console', 'queued', tap.at(), tap.at(90), tap.at(), tap.at() from contacts where phone = '+41794440001';
select is((tap.reply('stop', '{"phone": "+41794440001"}', tap.at(1)) -> 'answer') - 'ticket_id' - 'number',
          '{"meaning": "stop", "opened": false, "reopened": false, "answered": "queued", "reason": null, "alarm": false}', 'STOP is confirmed');
select is(jsonb_object_agg(template, concat_ws(' ', status, reason)), '{"missed_call": "suppressed opted_out", "alert": "queued", "reply_stop": "queued"}', 'what waits is withdrawn, alerts excepted')
from sms_log m join contacts c on c.id = m.contact_id where phone = '+41794440001' and direction = 'outbound';
select is(tap.reply('stop', '{"phone": "+41794440001"}', tap.at(2)) -> 'answer' -> 'answered', '"none"', 'a second STOP is not answered');
select is(status, 'queued', 'nor takes back the first confirmation') from sms_log where to_number = '+41794440001' and template = 'reply_stop';
select is(tap.reply('urgent', '{"phone": "+41794440001"}', tap.at(3)) -> 'answer' -> 'reason', '"opted_out"', 'nothing is sent after STOP');
select is(opted_out_at, tap.at(1), 'the first STOP is what counts') from contacts where phone = '+41794440001';
select is(tap.reply('start', '{"phone": "+41794440001"}', tap.at(4)) -> 'answer' -> 'answered', '"queued"', 'START is confirmed');
select is(opted_out_at, null, 'and ends it') from contacts where phone = '+41794440001';
select is(tap.reply('start', '{"phone": "+41794440001"}', tap.at(5)) -> 'answer' -> 'answered', '"queued"', 'START without STOP is answered too');

-- the guard: whatever they say
create temp table said as
select n, tap.reply(m, '{"phone": "+41795550001"}', tap.at(n)) -> 'answer' as answer
from unnest('{urgent,callback,form,text,urgent,urgent,form,stop,start,stop,start,stop}'::text[]) with ordinality u (m, n);
select is(count(*), 5::bigint, 'four answers, and one confirmed STOP') from said where answer ->> 'answered' = 'queued';
select is(answer ->> 'answered', 'queued', 'STOP is confirmed past the guard') from said where n = 8;
select is(count(*), 6::bigint, 'what was held back is there to see') from sms_log where to_number = '+41795550001' and reason = 'loop_guard';
select isnt(opted_out_at, null, 'a STOP that is not confirmed counts all the same') from contacts where phone = '+41795550001';
select is(tap.reply('urgent', '{"phone": "+41791230001"}', tap.at()) -> 'answer' -> 'answered', '"queued"', 'an emergency opens a ticket');
select is(tap.reply('courtesy', '{"phone": "+41791230001", "language": "en"}', tap.at(1)) -> 'answer' -> 'answered', '"none"', 'thanks are not answered');
select is(tap.reply('callback', '{"phone": "+41791230001"}', tap.at(2)) -> 'answer' -> 'answered', '"queued"', 'a later wish');
select is(body, 'en joined', 'is answered in the language that was shown') from sms_log where to_number = '+41791230001' order by created_at desc limit 1;
select is(status, 'NEEDS_CALLBACK', 'and the ticket has it') from tickets where contact_phone = '+41791230001';
select is(urgency, 'HIGH', 'without falling back') from tickets where contact_phone = '+41791230001';

-- other channels, replays
select is(tap.reply('text', '{"phone": "+41796660001", "channel": "whatsapp", "event_id": "w1", "provider": "whatsapp"}') -> 'answer' -> 'opened', 'true', 'a WhatsApp text opens a ticket');
select is(jsonb_agg(distinct source || ' ' || channel), '["whatsapp whatsapp"]', 'and stays on its channel') from tickets t join sms_log m on m.ticket_id = t.id where contact_phone = '+41796660001';
select is(tap.reply('text', '{"phone": "+41796660001", "channel": "whatsapp", "event_id": "w1", "provider": "whatsapp"}', tap.at(9)) -> 'replay', 'true', 'a repeated text');
select is(count(*), 1::bigint, 'is kept once') from sms_log where from_number = '+41796660001';

select * from finish();
rollback;
