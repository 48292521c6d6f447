-- The review cron and the click: nobody is asked twice, nothing blocks the queue
begin;
select tap.start();
select plan(32);

create function pg_temp.done(phone text, due timestamptz default tap.at(), tenant uuid default tap.a()) returns uuid language plpgsql as $$
declare
  t uuid;
begin
  t := tap.ticket(jsonb_build_object('phone', phone, 'dedupe_key', tenant || ':' || gen_random_uuid()), tap.at(-200), tenant) -> 'answer' ->> 'ticket_id';
  perform tap.move(t, 'NEW', 'DONE', jsonb_build_object('review_due_at', due), tap.at(-120), tenant);
  return t;
end $$;
create function pg_temp.outcomes(rows jsonb) returns text language sql
  return (select string_agg(concat_ws(' ', t.contact_phone, r ->> 'outcome', r ->> 'reason'), ', ' order by t.contact_phone, r ->> 'outcome')
          from jsonb_array_elements(rows) r join tickets t on t.id = (r ->> 'ticket_id')::uuid);

-- who is asked and who is not
select pg_temp.done('+4179111000' || n) from generate_series(1, 7) n;
select pg_temp.done('+41791110001');                                          -- a second job of the same contact
select pg_temp.done('+41791110009', tap.at(1));
select pg_temp.done('+49151110008');
update contacts set opted_out_at = tap.at() where phone = '+41791110002';
update contacts set phone_kind = 'fixed' where phone = '+41791110003';
update contacts set last_review_at = tap.at() - interval '179 days' where phone = '+41791110004';
update contacts set last_review_at = tap.at() - interval '181 days', language = 'fr' where phone = '+41791110005';
update contacts set phone_kind = null where phone = '+41791110006';
update tickets set contact_id = null where contact_phone = '+41791110007';
create temp table first as select jsonb_agg(r) as rows from tap.review(tap.at()) r;
select is(pg_temp.outcomes(rows), '+41791110001 sent, +41791110001 skipped recently_asked, +41791110002 skipped opted_out, +41791110003 skipped not_mobile, '
  || '+41791110004 skipped recently_asked, +41791110005 sent, +41791110006 skipped not_mobile, +41791110007 skipped no_phone, +49151110008 skipped destination',
  'everyone due is decided, once') from first;
select is(count(*), 2::bigint, 'two requests') from sms_log where template = 'review_request' and status = 'queued';
select is(count(*), 2::bigint, 'with their links') from review_links l join sms_log m on m.body like '% ' || l.code and m.ticket_id = l.ticket_id where m.template = 'review_request';
select is(body ~ '^fr [0-9a-f]{12}$', true, 'in the contact''s language') from sms_log where to_number = '+41791110005' and template = 'review_request';
select is(jsonb_agg(jsonb_build_array(review_request_sent_at = tap.at(), review_due_at)), '[[true, null]]', 'a ticket that was asked') from tickets where contact_phone = '+41791110005';
select is(jsonb_build_array(last_review_at = tap.at(), prior_review_at = tap.at() - interval '181 days'), '[true, true]', 'the contact''s dates') from contacts where phone = '+41791110005';
select is(count(*), 0::bigint, 'no ticket that was decided waits') from tickets where review_due_at <= tap.at();
select is(jsonb_object_agg(event_type, n), '{"review_requested": 2, "review_skipped": 7}', 'each stands in a history')
from (select event_type, count(*) as n from ticket_events where event_type like 'review%' group by 1) x;
select is(jsonb_agg(distinct new_value), '["destination", "no_phone", "not_mobile", "opted_out", "recently_asked"]', 'with its reason') from ticket_events where event_type = 'review_skipped';
select is(count(*), 0::bigint, 'a second run asks nobody') from tap.review(tap.at()) r;
select is(r ->> 'outcome', 'sent', 'a minute later the next is due') from tap.review(tap.at(1)) r;

-- quiet hours, other tenants, the module
select pg_temp.done('+41792220001'), pg_temp.done('+41792220001'), pg_temp.done('+41792220002', tap.at(), tap.b());
select is((select string_agg(concat_ws(' ', r ->> 'outcome', r ->> 'reason'), ', ') from tap.review(tap.at(2), jsonb_build_object('open_at', tap.at(60))) r),
          'deferred quiet_hours, deferred quiet_hours, deferred quiet_hours', 'in quiet hours they are put off');
select is(jsonb_agg(distinct review_due_at = tap.at(60)), '[true]', 'to their end') from tickets where contact_phone like '+4179222%';
select is(count(*), 0::bigint, 'not into the history') from ticket_events e join tickets t on t.id = e.ticket_id where contact_phone like '+4179222%' and event_type like 'review%';
select is(jsonb_agg(x order by x), '["doerfler-ag Europe/Zurich", "martin-sa Europe/Zurich"]', 'REVIEW_TENANTS names the tenants with something due')
from (select concat_ws(' ', r ->> 'slug', r ->> 'timezone') as x from tap.call('review_tenants', jsonb_build_object('now', tap.at(61), 'after', '00000000-0000-0000-0000-000000000000', 'most', 20)) r) y;
select is(count(*), 0::bigint, 'and nobody else') from tap.call('review_tenants', jsonb_build_object('now', tap.at(59), 'after', '00000000-0000-0000-0000-000000000000', 'most', 20));
select tap.call('review_lock', jsonb_build_object('now', tap.at(61), 'most', 1, 'tenants', array[tap.b()]::text));
select is(current_setting('app.review_tickets'), (select id::text from tickets where contact_phone = '+41792220002'), 'tenants that are not named block nobody''s queue');
select is((select string_agg(concat_ws(' ', r ->> 'outcome', r ->> 'reason'), ', ') from tap.review(tap.at(61), '{"skip_reason": "module_off"}') r),
          'skipped module_off, skipped module_off, skipped module_off', 'a tenant without the module asks nobody');
select is(count(*), 0::bigint, 'and is done with them') from tap.review(tap.at(62));

-- most, and what is no longer done
select pg_temp.done('+4179333000' || n, tap.at(-n)) from generate_series(1, 3) n;
select is(r ->> 'outcome', 'sent', 'no more than wanted') from tap.review(tap.at(70), '{}', 1) r;
select is(contact_phone, '+41793330003', 'the one that waited longest first') from tickets where review_request_sent_at = tap.at(70);
select tap.missed('{"phone": "+41793330001"}', tap.at(71));
update tickets set status = 'IN_PROGRESS', job_completed_at = null, review_due_at = null where contact_phone = '+41793330001' and status = 'DONE';
select is(pg_temp.outcomes(jsonb_agg(r)), '+41793330002 sent', 'a ticket that is taken back is not asked') from tap.review(tap.at(72)) r;

-- the click
create temp view link as select l.* from review_links l join tickets t on t.id = l.ticket_id where t.contact_phone = '+41791110005';
select is(c ->> 'customer_id', tap.a()::text, 'a link knows its tenant') from link, tap.call('review_link_tenant', jsonb_build_object('code', code)) c;
select is(count(*), 0::bigint, 'a wrong one does not') from tap.call('review_link_tenant', '{"code": "000000000000"}') c;
create function pg_temp.click(counts boolean, at timestamptz, tenant uuid default tap.a()) returns jsonb language sql volatile
  return (select tap.call('review_click', jsonb_build_object('code', code, 'counts', counts, 'now', at, 'event_id', gen_random_uuid()), tenant) - 'ticket_id' from link);
select is(count(*), 1::bigint, 'REVIEW_CLICK_LOCK finds its contact') from link, tap.call('review_click_lock', jsonb_build_object('code', code), tap.a());
select is(pg_temp.click(false, tap.at(80)), '{"google_review_link": "https://g.page/r/doerfler/review", "slug": "doerfler-ag", "counted": false}', 'a robot is shown the way');
select is(bool_or(review_clicked), false, 'and not counted') from tickets;
select is(pg_temp.click(true, tap.at(81)), '{"google_review_link": "https://g.page/r/doerfler/review", "slug": "doerfler-ag", "counted": true}', 'a person');
select is(pg_temp.click(true, tap.at(82)), '{"google_review_link": "https://g.page/r/doerfler/review", "slug": "doerfler-ag", "counted": false}', 'the same person again');
select is(count(*), 1::bigint, 'counts once') from ticket_events where event_type = 'review_clicked';
select is(jsonb_build_array(t.review_clicked, link.clicked_at = tap.at(81)), '[true, true]', 'on the ticket') from link join tickets t on t.id = link.ticket_id;
select is(pg_temp.click(true, tap.at(83), tap.b()), null, 'another tenant has no such link');

select * from finish();
rollback;
