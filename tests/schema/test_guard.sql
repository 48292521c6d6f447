-- The guard: what a visitor, a machine or a stolen hour could make a firm pay for
begin;
select tap.start();
select no_plan();

create function pg_temp.phone(n int) returns text immutable language sql return '+4179' || 2000000 + n;
-- a visitor enters a number that has nothing to do with him
create function pg_temp.form(n int, at timestamptz default tap.at(), args jsonb default '{}', tenant uuid default tap.a()) returns text language sql volatile
begin atomic
  select concat_ws(' ', r -> 'answer' ->> 'confirmation', r -> 'answer' ->> 'reason')
  from tap.ticket(jsonb_build_object('phone', pg_temp.phone(n)) || args, at, tenant) r;
end;
create function pg_temp.claim(at timestamptz, slots int default 100) returns int language sql volatile
begin atomic
  select count(*)::int from tap.call('message_claim', jsonb_build_object('host', 'here', 'claimed_by', tap.a(), 'now', at, 'claimed_until', at + interval '1 minute', 'providers', '{console}', 'slots', array[slots]::text)) c
  where c ->> 'status' = 'sending';
end;
create function pg_temp.said(n int, t uuid default tap.a()) returns text language sql
  return (select string_agg(concat_ws(' ', template, status, reason), ', ' order by created_at, id) from sms_log where to_number = pg_temp.phone(n) and customer_id = t);
create function pg_temp.fates() returns jsonb language sql
  return (select jsonb_object_agg(k, n) from (select concat_ws(' ', status, reason) as k, count(*) as n from sms_log where direction = 'outbound' group by 1) x);
create function pg_temp.clean() returns void language sql volatile
begin atomic
  delete from ticket_events;
  delete from sms_log;
  delete from tickets;
  delete from contacts;
  delete from segment_usage;
  update customers set daily_segments = null, config = null, timezone = null;
end;

-- ---- confirmations to numbers that only a visitor speaks for ----

select is(pg_temp.form(n, tap.at(n / 100.0)), 'queued', 'request ' || n || ' is confirmed: nothing has left yet') from generate_series(1, 30) n;
select is(pg_temp.claim(tap.at(1)), 20, 'a firm of 500 segments a day sends twenty of them in an hour');
select is(pg_temp.fates(), '{"sending": 20, "suppressed first_contact": 10}', 'the others are rows with their reason');
select is(pg_temp.said(20), 'ticket_confirmation sending', 'whoever came first');
select is(jsonb_build_array(segments, first_segments, first_hour_segments, first_hour), '[20, 20, 20, "2024-03-04T10:00:00+00:00"]', 'they are counted') from segment_usage;
select is(pg_temp.form(31, tap.at(2)), 'suppressed first_contact', 'then the answer says so at once');
select is(pg_temp.form(32, tap.at(2), '{"urgency": "HIGH"}'), 'suppressed first_contact', 'an emergency is the visitor''s own word: it is no way around');
select is(urgency, 'HIGH', 'its ticket is kept all the same') from tickets where contact_phone = pg_temp.phone(32);
select is(pg_temp.form(33, tap.at(2), '{"not_before": "2024-03-05T06:00:00Z"}'), 'suppressed first_contact', 'nor is the night');
select is(pg_temp.form(31, tap.at(40)), 'suppressed first_contact', 'to ask twice makes nobody known');
select is(known_at, null, 'not by a form') from contacts where phone = pg_temp.phone(31);

-- nobody else is held back
select is(pg_temp.form(34, tap.at(3), '{"vouched": true}'), 'queued', 'the firm itself speaks for a number');
select is(pg_temp.form(34, tap.at(40)), 'queued', 'from then on');
select is(tap.missed(jsonb_build_object('phone', pg_temp.phone(31)), tap.at(3)) -> 'answer' ->> 'status', 'queued', 'who calls gets the text');
select is(pg_temp.form(31, tap.at(41)), 'queued', 'and is known');
select is(tap.reply('urgent', jsonb_build_object('phone', pg_temp.phone(32)), tap.at(3)) -> 'answer' ->> 'answered', 'queued', 'who writes gets the answer');
select is(pg_temp.form(32, tap.at(42)), 'queued', 'and is known');
select is(tap.missed('{"phone_kind": null, "phone": null, "dedupe_key": null, "event_id": "withheld", "suppress": "withheld"}', tap.at(4)) -> 'answer' ->> 'status', 'recorded', 'a withheld caller makes nobody known');
insert into sms_log (id, customer_id, direction, template, to_number, body, segments, provider, status, not_before, expires_at, status_at, created_at)
values (gen_random_uuid(), tap.a(), 'outbound', 'alert', '+41790000099', 'x', 1, 'console', 'queued', tap.at(4), tap.at(99), tap.at(4), tap.at(4));
select is(pg_temp.claim(tap.at(45)), 7, 'all of these leave');
select is(jsonb_build_array(segments, first_segments), '[27, 20]', 'and count for the day, not for the share') from segment_usage;
select is(pg_temp.form(1, tap.at(2), '{}', tap.b()), 'queued', 'another firm is not concerned');

-- the second look: a contact who became known while the confirmation waited
select pg_temp.form(35, tap.at(60));
select pg_temp.clean();
insert into segment_usage (customer_id, day, segments, first_segments, first_hour, first_hour_segments) values (tap.a(), '2024-03-04', 20, 20, tap.at(), 19);
select is(pg_temp.form(n), 'queued', 'there is room for one more') from generate_series(1, 2) n;
select tap.missed(jsonb_build_object('phone', pg_temp.phone(2)), tap.at(1));
select is(pg_temp.claim(tap.at(1)), 3, 'who called meanwhile needs none of it');
select is(pg_temp.form(3, tap.at(2)), 'suppressed first_contact', 'it is full');

-- hours, days, and what one attempt counts
select pg_temp.clean();
create function pg_temp.hour(h int) returns int language plpgsql as $$
begin
  perform pg_temp.form(100 * h + n, tap.at(60 * h)) from generate_series(1, 25) n;
  return pg_temp.claim(tap.at(60 * h + 1));
end $$;
select is((select array_agg(pg_temp.hour(h) order by h) from generate_series(0, 8) h), '{20,20,20,20,20,20,5,0,0}', 'a quarter of the day''s segments in a day');
select is(jsonb_build_array(segments, first_segments), '[125, 125]', 'of 500') from segment_usage;
select is(pg_temp.form(999, tap.at(600)), 'suppressed first_contact', 'that is all of the day');
select is(tap.missed('{}', tap.at(600)) -> 'answer' ->> 'status', 'queued', 'the rest of the budget is for whoever calls');
select is(pg_temp.form(998, '2024-03-04T22:59:59Z'), 'suppressed first_contact', 'until midnight of the firm');
select is(pg_temp.form(998, '2024-03-04T23:30:00Z'), 'queued', 'which is 23 h UTC in winter');
select pg_temp.clean();
select is(pg_temp.form(1), 'queued', 'a confirmation') from generate_series(1, 1);
select is(pg_temp.claim(tap.at(1)), 1, 'leaves');
select tap.call('message_outcome', jsonb_build_object('ids', array_agg(id)::text, 'attempts', '{1}', 'outcomes', '{retry}', 'provider_ids', '{NULL}', 'errors', '{NULL}', 'retry_at', array[tap.at(61)]::text,
  'event_ids', tap.uuids(1), 'now', tap.at(1))) from sms_log;
update segment_usage set first_segments = 125, segments = 500;
select is(pg_temp.claim(tap.at(62)), 1, 'what was counted once is tried again, and not counted again');
select is(jsonb_build_array(segments, first_segments), '[500, 125]', 'as it is') from segment_usage;

-- settings
select is(first_limits(daily, config), wanted, 'limits of ' || daily || ' ' || config) from (values
  (500, '{}'::jsonb, '{20,125}'::int[]), (1, '{}', '{1,1}'), (0, '{}', '{0,0}'), (1000000, '{}', '{40000,250000}'),
  (500, '{"sms": {"first_per_hour": 5}}', '{5,125}'), (500, '{"sms": {"first_per_hour": 0, "first_per_day": 0}}', '{0,0}'), (500, '{"sms": {"first_per_day": 300}}', '{20,300}'),
  (500, '{"sms": {"first_per_hour": "9", "first_per_day": null}}', '{20,125}'), (500, '{"sms": {"first_per_hour": -1, "first_per_day": 1e300}}', '{0,1000000}'), (500, '{"sms": 5}', '{20,125}')) v (daily, config, wanted);
select pg_temp.clean();
update customers set config = '{"sms": {"first_per_hour": 2, "first_per_day": 3}}' where id = tap.a();
select pg_temp.form(n, tap.at(), '{"texts": {"de": {"new": {"body": "long", "segments": 2}}}}') from generate_series(1, 3) n;
select is(pg_temp.claim(tap.at(1)), 1, 'a text of two segments counts as two');
select is(pg_temp.form(4, tap.at(2)), 'suppressed first_contact', 'its own setting counts');
select pg_temp.form(5, tap.at(60), '{"texts": {"de": {"new": {"body": "long", "segments": 2}}}}');
select is(pg_temp.claim(tap.at(61)), 0, 'two do not fit where one would');
select is(pg_temp.form(6, tap.at(62)), 'queued', 'one does');
select is(pg_temp.claim(tap.at(63)), 1, 'and leaves');

-- what is not sent takes no room from others in the same claim
select pg_temp.clean();
update customers set daily_segments = 10 where id = tap.a();
select pg_temp.form(n) from generate_series(1, 60) n;
select count(tap.missed(jsonb_build_object('phone', pg_temp.phone(100 + n)), tap.at(1))) from generate_series(1, 8) n;
select is(pg_temp.claim(tap.at(2)), 9, 'sixty strangers before eight callers: one of them and all callers');
select pg_temp.form(n, tap.at(3)) from generate_series(201, 203) n;
select is(pg_temp.claim(tap.at(4)), 0, 'and then none');

-- ---- the day of the budget ----

-- local midnights, with the budget spent on the day before and room on the next
select pg_temp.clean();
create temp table night (zone text, day date, last timestamptz, first timestamptz);
insert into night values
  ('Europe/Zurich', '2024-03-30', '2024-03-30T22:59:59Z', '2024-03-30T23:00:00Z'),          -- before the short day
  ('Europe/Zurich', '2024-03-31', '2024-03-31T21:59:59Z', '2024-03-31T22:00:00Z'),          -- the short day ends an hour earlier
  ('Europe/Zurich', '2024-10-26', '2024-10-26T21:59:59Z', '2024-10-26T22:00:00Z'),
  ('Europe/Zurich', '2024-10-27', '2024-10-27T22:59:59Z', '2024-10-27T23:00:00Z'),          -- the long day
  ('America/New_York', '2024-03-10', '2024-03-11T03:59:59Z', '2024-03-11T04:00:00Z'),
  ('Asia/Kathmandu', '2024-03-04', '2024-03-04T18:14:59Z', '2024-03-04T18:15:00Z'),         -- 5 h 45
  ('Pacific/Kiritimati', '2024-03-04', '2024-03-04T09:59:59Z', '2024-03-04T10:00:00Z'),
  ('America/Santiago', '2024-09-07', '2024-09-08T03:59:59Z', '2024-09-08T04:00:00Z');       -- the day that begins at 01:00
create function pg_temp.at_midnight(n night) returns text language plpgsql as $$
declare
  result text;
begin
  perform pg_temp.clean();
  update customers set daily_segments = 1, timezone = n.zone where id = tap.a();
  insert into segment_usage values (tap.a(), n.day, 1);
  select concat_ws(' / ', tap.missed(jsonb_build_object('phone', pg_temp.phone(1)), n.last) -> 'answer' ->> 'reason',
                          tap.missed(jsonb_build_object('phone', pg_temp.phone(2)), n.first) -> 'answer' ->> 'status') into result;
  insert into sms_log (id, customer_id, direction, template, to_number, body, segments, provider, status, not_before, expires_at, status_at, created_at)
  select gen_random_uuid(), tap.a(), 'outbound', 'x', pg_temp.phone(3), 'x', 1, 'console', 'queued', n.last, n.first + interval '1 hour', n.last, n.last;
  return result || ' / ' || pg_temp.claim(n.last) || ' ' || pg_temp.claim(n.first);
end $$;
select is(pg_temp.at_midnight(night), 'budget / queued / 0 1', 'the budget of ' || day || ' ends with it in ' || zone) from night;

-- the hour that comes twice when the clocks go back is two hours
select pg_temp.clean();
select pg_temp.form(n, '2024-10-27T00:30:00Z') from generate_series(1, 25) n;
select is(pg_temp.claim('2024-10-27T00:59:00Z'), 20, '02:59 in summer time');
select pg_temp.form(n, '2024-10-27T01:00:00Z') from generate_series(31, 55) n;
select is(pg_temp.claim('2024-10-27T01:01:00Z'), 20, '02:01 in winter time');
select is(jsonb_agg(jsonb_build_array(day, first_segments, first_hour_segments)), '[["2024-10-27", 40, 20]]', 'of one long day') from segment_usage;

-- ---- machines that answer each other ----

-- two firms of ours: the one rings the other's line, and both answer whatever comes in
select pg_temp.clean();
select is(tap.missed('{"phone": "+41790000002"}') -> 'answer' ->> 'status', 'queued', 'a call from another firm''s sender is a call');
select is(pg_temp.claim(tap.at(1)), 0, 'but no text is sent to that number');
select is(pg_temp.fates(), '{"suppressed sender": 1}', 'and the row says why');
select is((tap.reply(m, '{"phone": "+41790000001", "sender": "+41790000002"}', tap.at(2), tap.b()) -> 'answer') - 'ticket_id' - 'number',
          jsonb_build_object('meaning', case m when 'stop' then 'stop' else 'text' end, 'opened', m = 'urgent', 'reopened', false, 'answered', case when m in ('urgent', 'stop') then 'queued' else 'none' end, 'reason', null, 'alarm', false),
          'what a sender of ours writes is text: ' || m) from unnest('{urgent,callback,form,text,start,stop}'::text[]) m;
select is(jsonb_agg(urgency), '["MED"]', 'its emergencies alarm nobody') from tickets where customer_id = tap.b();
select is(jsonb_build_array(opted_out_at is not null), '[true]', 'its STOP counts') from contacts where customer_id = tap.b();
insert into sms_log (id, customer_id, direction, template, to_number, body, segments, provider, status, not_before, expires_at, status_at, created_at)
values (gen_random_uuid(), tap.a(), 'outbound', 'alert', '+41790000001', 'x', 1, 'console', 'queued', tap.at(4), tap.at(99), tap.at(4), tap.at(4));
select is(pg_temp.claim(tap.at(5)), 2, 'alerts and the answer to STOP go to such a number, too');

-- a machine elsewhere: the guard of the contact ends it, however it words its answers
select pg_temp.clean();
select is((select jsonb_object_agg(k, n) from (
             select tap.reply((array['urgent', 'callback', 'form', 'start', 'stop'])[1 + n % 5], '{}', tap.at(10 * n)) -> 'answer' ->> 'answered' as k, count(*) as n from generate_series(1, 143) n group by 1) x),
          '{"queued": 4, "suppressed": 139}', 'a day of texts, one in ten minutes: four answers');
select is(count(*) filter (where direction = 'outbound' and reason is null and status = 'suppressed'), 0::bigint, 'nothing is suppressed without its reason') from sms_log;
select is(count(*) filter (where direction = 'inbound'), 143::bigint, 'and every text is kept') from sms_log;

-- every reason for which nothing is sent is a row
select pg_temp.clean();
select is((tap.ticket(jsonb_build_object('phone', pg_temp.phone(n::int), 'suppress', reason)) -> 'answer') ->> 'confirmation', 'suppressed', reason || ' suppresses a confirmation')
from unnest('{landline,not_mobile,destination,own_number,no_sender,form_check}'::text[]) with ordinality r (reason, n);
select is((tap.missed(jsonb_build_object('phone', pg_temp.phone(n::int + 100), 'suppress', reason)) -> 'answer') ->> 'status', 'recorded', reason || ' suppresses a text')
from unnest('{landline,not_mobile,destination,own_number,no_sender,module_off}'::text[]) with ordinality r (reason, n);
select is((tap.reply('urgent', jsonb_build_object('phone', pg_temp.phone(n::int + 200), 'suppress', reason)) -> 'answer') ->> 'answered', 'suppressed', reason || ' suppresses an answer')
from unnest('{landline,not_mobile,destination,own_number,no_sender,module_off}'::text[]) with ordinality r (reason, n);
select is(pg_temp.fates(), '{"suppressed landline": 3, "suppressed not_mobile": 3, "suppressed destination": 3, "suppressed own_number": 3, "suppressed no_sender": 3, "suppressed module_off": 2, "suppressed form_check": 1}',
          'and each is a row');

select * from finish();
rollback;
