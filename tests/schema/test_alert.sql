-- Alerts: told with the ticket, answered once, handed on, and given up; and promises that were not kept
begin;
select tap.start();
select plan(48);

create function pg_temp.alert(more jsonb default '{}') returns jsonb language sql volatile
  return jsonb_build_object('id', gen_random_uuid(), 'message_id', gen_random_uuid(), 'event_id', gen_random_uuid(), 'kind', 'emergency', 'template', 'alert',
    'phone', '+41790000011', 'name', 'Reto', 'body', 'Nr. {number} /a/', 'segments', 1, 'sender', '+41790000001', 'carrier', 'console',
    'code_hash', encode(sha256(gen_random_uuid()::text::bytea), 'hex'), 'next_at', tap.at(5), 'not_before', tap.at(), 'expires_at', tap.at(60)) || more;
create function pg_temp.told(who text) returns text language sql stable
  return (select string_agg(concat_ws(' ', a.step, a.name, m.status, m.reason, a.answered_by), ', ' order by a.told_at, a.step) from alerts a
          join sms_log m on m.id = a.message_id join tickets t on t.id = a.ticket_id where t.contact_phone = who);
create function pg_temp.kinds(who text) returns text language sql stable
  return (select string_agg(e.event_type, ' ' order by e.seq) from ticket_events e join tickets t on t.id = e.ticket_id where t.contact_phone = who);
create function pg_temp.hash(who text, nth int default 0) returns text language sql stable
  return (select a.code_hash from alerts a join tickets t on t.id = a.ticket_id where t.contact_phone = who and a.step = nth);

-- with the ticket, in one statement
select is(tap.ticket(jsonb_build_object('phone', '+41791110001', 'urgency', 'HIGH', 'alert', pg_temp.alert())) -> 'answer' -> 'dedupe_matched', 'false', 'an emergency');
select is(pg_temp.told('+41791110001'), '0 Reto queued', 'is told');
select is(pg_temp.kinds('+41791110001'), 'created alerted', 'after it was created');
select is((select body::text from sms_log where template = 'alert' and to_number = '+41790000011'), 'Nr. ' || number || ' /a/', 'with its number') from tickets where contact_phone = '+41791110001';
select is(first_id, id, 'the first of an alert') from alerts where ticket_id = (select id from tickets where contact_phone = '+41791110001');
select lives_ok($$select tap.ticket(jsonb_build_object('phone', '+41791110001', 'urgency', 'HIGH', 'alert', pg_temp.alert()), tap.at(1))$$, 'again');
select is(pg_temp.told('+41791110001'), '0 Reto queued', 'is not told again');
select lives_ok($$select tap.ticket(jsonb_build_object('phone', '+41791110002', 'urgency', 'MED', 'alert', pg_temp.alert()))$$, 'a request that is not urgent');
select is(pg_temp.told('+41791110002'), null, 'is not told');
select lives_ok($$select tap.ticket(jsonb_build_object('phone', '+41791110002', 'urgency', 'HIGH', 'alert', pg_temp.alert()), tap.at(1))$$, 'until it becomes so');
select is(pg_temp.told('+41791110002'), '0 Reto queued', 'then it is');
select is(tap.reply('urgent', jsonb_build_object('phone', '+41791110003', 'alert', pg_temp.alert())) -> 'answer' -> 'opened', 'true', 'an answer 1');
select is(pg_temp.told('+41791110003'), '0 Reto queued', 'is told');
select lives_ok($$select tap.reply('urgent', jsonb_build_object('phone', '+41791110003', 'alert', pg_temp.alert()), tap.at(n)) from generate_series(1, 3) n$$, 'as often as it comes');
select is(pg_temp.told('+41791110003'), '0 Reto queued', 'once');
select lives_ok($$select tap.ticket(jsonb_build_object('phone', '+41791110004', 'urgency', 'HIGH', 'alert', pg_temp.alert('{"phone": null, "name": null, "reason": "no_on_call"}')))$$, 'nobody on call');
select is(concat_ws(' ', m.status, m.reason), 'suppressed no_on_call', 'is a row with its reason') from sms_log m join tickets t on t.id = m.ticket_id where contact_phone = '+41791110004' and template = 'alert';
select is(pg_temp.kinds('+41791110004'), 'created alert_impossible', 'and stands in the history');
select is(pg_temp.told('+41791110004'), null, 'nobody was told');
select lives_ok($$select tap.ticket(jsonb_build_object('phone', '+41791110005', 'urgency', 'HIGH', 'alert', pg_temp.alert('{"most": 2}')))$$, 'more than strangers may in an hour');
select is(pg_temp.kinds('+41791110005'), 'created alert_impossible', 'are noted');
select is(tap.missed(jsonb_build_object('phone', '+41791110006', 'alert', pg_temp.alert('{"kind": "missed_call", "template": "alert_missed_call", "next_at": null}'))) -> 'answer' -> 'status', '"queued"', 'a missed call');
select is(pg_temp.told('+41791110006'), '0 Reto queued', 'is told where the firm wants it');

-- by the link
select is((select tap.call('alert_answer', jsonb_build_object('code_hash', pg_temp.hash('+41791110001'), 'now', tap.at(2), 'event_id', gen_random_uuid()), tap.b())), null, 'another firm finds no such alert');
select is(tap.call('alert_answer', jsonb_build_object('code_hash', pg_temp.hash('+41791110001'), 'now', tap.at(2), 'event_id', gen_random_uuid()), tap.a()) -> 'answered', 'true', 'the button');
select is(pg_temp.told('+41791110001'), '0 Reto suppressed answered Reto', 'answers it, and takes back what waits');
select is(tap.call('alert_answer', jsonb_build_object('code_hash', pg_temp.hash('+41791110001'), 'now', tap.at(3), 'event_id', gen_random_uuid()), tap.a()) -> 'answered', 'false', 'once');
select is(pg_temp.kinds('+41791110001'), 'created alerted updated alert_answered', 'as the history says');
select is(unread, false, 'the ticket is read') from tickets where contact_phone = '+41791110001';
select is((select slug from alert_tenant(pg_temp.hash('+41791110001'))), 'doerfler-ag', 'a code leads to its firm');
select is((select count(*) from alert_tenant('x')), 0::bigint, 'no other does');

-- by a text
create function pg_temp.text(consent text, at timestamptz, phone text default '+41790000011', tenant uuid default tap.a()) returns jsonb language plpgsql as $$
begin
  perform set_config('app.customer_id', tenant::text, true);
  perform tap.call('alert_text_lock', jsonb_build_object('phone', phone, 'now', at), tenant);
  return (select r -> 'answer' from tap.call('alert_text', jsonb_build_object('event_row', gen_random_uuid(), 'provider', 'test', 'event_id', gen_random_uuid(), 'fingerprint', 'f',
    'now', at, 'phone', phone, 'sender', '+41790000001', 'body', consent, 'consent', consent, 'ticket_event', gen_random_uuid()), tenant) r);
end $$;
select is(pg_temp.text('yes', tap.at(3), tenant => tap.b()), null, 'of another firm''s alerts none is found');
select is(pg_temp.text('yes', tap.at(3), '+41790000012'), null, 'nor by who was told of none');
select is(pg_temp.text('neither', tap.at(3)) ->> 'meaning', 'alert_noted', 'words are kept');
select is(pg_temp.text('no', tap.at(3)) ->> 'meaning', 'alert_declined', 'a no');
select is(count(*), 1::bigint, 'makes the next one''s turn come now') from alerts where next_at = tap.at(3);
select is(pg_temp.text('yes', tap.at(24 * 60 + 1)), null, 'after a day a text is one like any other');
select is(pg_temp.text('yes', tap.at(4)) ->> 'meaning', 'alert_answered', 'a yes');
select is(pg_temp.text('yes', tap.at(4)) ->> 'meaning', 'alert_answered', 'and the next');

-- escalation: the same pipeline as the cron's
create function pg_temp.escalate(at timestamptz, over boolean default false, reason text default null) returns text language plpgsql as $$
declare
  items jsonb;
begin
  items := (select jsonb_agg(jsonb_build_object('n', n, 'ticket_id', r -> 'ticket_id', 'prior', r -> 'prior', 'first_id', r -> 'first_id', 'event_id', gen_random_uuid(),
      'step', coalesce((r ->> 'step')::int + 1, 0), 'is_over', over,
      'alert', pg_temp.alert(jsonb_build_object('name', 'Luana', 'reason', reason, 'next_at', case when r ->> 'prior' is not null then at + interval '5 minutes' end,
        'kind', coalesce(r ->> 'kind', 'overdue'), 'template', case when r ->> 'prior' is null then 'alert_overdue' else 'alert' end))))
    from tap.call('escalate_due', jsonb_build_object('now', at, 'most', 50)) with ordinality u (r, n));
  perform tap.call('escalate_lock', jsonb_build_object('items', items));
  return (select string_agg(r ->> 'outcome', ' ' order by r ->> 'outcome') from tap.call('escalate', jsonb_build_object('now', at, 'items', items)) r);
end $$;
update alerts set next_at = null;
update tickets set escalated_at = sla_due_at;
select lives_ok($$select tap.ticket(jsonb_build_object('phone', '+41791110007', 'urgency', 'HIGH', 'alert', pg_temp.alert()))$$, 'another emergency');
select is(pg_temp.escalate(tap.at(4)), null, 'has its time');
select is(pg_temp.escalate(tap.at(5)), 'repeated', 'then the next one is told');
select is(pg_temp.escalate(tap.at(5)), null, 'once');
select is(pg_temp.told('+41791110007'), '0 Reto queued, 1 Luana queued', 'so two know');
select is(pg_temp.escalate(tap.at(10), true), 'over', 'round often enough');
select is(pg_temp.escalate(tap.at(130)), 'escalated', 'a promise that was not kept');
select is(pg_temp.escalate(tap.at(131)), null, 'is told once');
select is(pg_temp.kinds('+41791110007'), 'created alerted alerted alert_unanswered escalated alerted', 'as the history says');

select * from finish();
rollback;
