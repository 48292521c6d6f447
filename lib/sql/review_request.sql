-- REVIEW_REQUEST: second statement of the review pipeline: reads the locked tickets again, decides, and queues the requests
-- role: service
-- $1 now: the instant of the run
-- $2 tenants: {tenant id: {"open_at": end of its quiet hours, or null outside them, "texts": {"de": {"body" with {code}, "segments"}},
--             "language", "sender", "carrier", "destinations": regular expression (phone_destinations()) or null, "skip_reason": why none of them is asked, or null}}
-- $3 expires_at: when a request is pointless
-- $4 message_ids: as many ids as REVIEW_LOCK was allowed tickets
-- $5 event_ids: as many
-- $6 codes: as many, for the links
-- > ticket_id, outcome, reason
with
i as (
  select $1::timestamptz as now, $2::jsonb as tenants, $3::timestamptz as expires_at, $4::uuid[] as message_ids,
         $5::uuid[] as event_ids, $6::text[] as codes),
-- read
ti as (                                         -- again: the candidates are older than the locks
  select t.id, t.customer_id, t.contact_id, t.review_due_at, t.review_request_sent_at
  from tickets t
  where t.id = any (string_to_array(nullif(current_setting('app.review_tickets', true), ''), ',')::uuid[])
    and (t.status = 'DONE') is true and t.review_due_at <= $1::timestamptz
  for no key update of t skip locked),
-- decide
r as (
  select ti.id, ti.customer_id, ti.contact_id, ti.review_due_at, s.tenant, co.phone,
         case when guard_is_full(co.auto_sent_at, i.now) then (select min(at) from unnest(co.auto_sent_at) at) + interval '24 hours' end as guard_until,
         coalesce(s.tenant -> 'texts' -> co.language, s.tenant -> 'texts' -> (s.tenant ->> 'language')) as text,
         case when s.tenant ->> 'skip_reason' is not null then s.tenant ->> 'skip_reason'
              when ti.review_request_sent_at is not null then 'already_asked'
              when co.phone is null then 'no_phone'
              when co.opted_out_at is not null then 'opted_out'
              when coalesce(co.phone_kind, '') not in ('mobile', 'fixed_or_mobile') then 'not_mobile'
              when co.phone !~ (s.tenant ->> 'destinations') then 'destination'
              when co.last_review_at > i.now - interval '180 days' then 'recently_asked' end as reason
  from i cross join ti
    cross join lateral (select i.tenants -> ti.customer_id::text as tenant) s
    left join lateral (select c.* from contacts c where c.id = ti.contact_id offset 0) co on true
  where s.tenant is not null),
d as (
  select r.*, row_number() over (order by r.review_due_at, r.id) as n,
         case when r.reason is not null then 'skipped'
              when greatest((r.tenant ->> 'open_at')::timestamptz, r.guard_until) > i.now then 'deferred'
              when row_number() over (partition by r.contact_id, r.reason is null order by r.review_due_at, r.id) > 1 then 'skipped'
              else 'sent' end as outcome
  from i, r),
-- write: every row once
w_ticket as (
  update tickets t
  set review_due_at = case d.outcome when 'deferred' then greatest((d.tenant ->> 'open_at')::timestamptz, d.guard_until) end,
      review_request_sent_at = case d.outcome when 'sent' then i.now else t.review_request_sent_at end,
      updated_at = case d.outcome when 'sent' then i.now else t.updated_at end
  from i, d
  where t.id = d.id and t.id = any (array(select id from d))),
w_contact as (
  update contacts c set prior_review_at = c.last_review_at, last_review_at = i.now, auto_sent_at = (i.now || c.auto_sent_at)[1:4]
  from i, d
  where c.id = d.contact_id and d.outcome = 'sent' and c.id = any (array(select contact_id from d))),
w_message as (
  insert into sms_log (id, customer_id, contact_id, ticket_id, direction, template, from_number, to_number, body, segments,
                       provider, status, not_before, expires_at, status_at, created_at)
  select i.message_ids[d.n], d.customer_id, d.contact_id, d.id, 'outbound', 'review_request', d.tenant ->> 'sender', d.phone,
         replace(d.text ->> 'body', '{code}', i.codes[d.n]), (d.text ->> 'segments')::int, d.tenant ->> 'carrier',
         'queued', i.now, i.expires_at, i.now, i.now
  from i, d
  where d.outcome = 'sent'),
w_link as (
  insert into review_links (code, customer_id, ticket_id, created_at)
  select i.codes[d.n], d.customer_id, d.id, i.now from i, d where d.outcome = 'sent'),
w_event as (
  insert into ticket_events (id, customer_id, ticket_id, event_type, new_value, created_at)
  select i.event_ids[d.n], d.customer_id, d.id, case d.outcome when 'sent' then 'review_requested' else 'review_skipped' end,
         case d.outcome when 'skipped' then coalesce(d.reason, 'recently_asked') end, i.now
  from i, d
  where d.outcome <> 'deferred')
select d.id as ticket_id, d.outcome, case d.outcome when 'skipped' then coalesce(d.reason, 'recently_asked') when 'deferred' then case when d.guard_until > i.now then 'loop_guard' else 'quiet_hours' end end as reason
from i, d
order by d.n
