-- TICKET_MOVE: staff give a ticket another status, if it still has the one they saw; after TICKET_LOCK
-- role: web
-- $1 ticket_id: the ticket
-- $2 old_status: the status it must have
-- $3 new_status: the status it gets
-- $4 now: the instant of the request
-- $5 event_id: id of the event
-- $6 actor: who does it
-- $7 sla_due_at: a new promise for a ticket taken back to NEW or NEEDS_CALLBACK, or NULL: the old one stays
-- $8 review_due_at: with DONE, when the contact is asked for a review, or NULL: never
-- $9 appointment_id: with SCHEDULED, id of the appointment; else NULL
-- $10 starts_at: of the appointment, or NULL
-- $11 ends_at: of the appointment, or NULL
-- $12 who: goes there, or NULL; two appointments of one person that overlap are 23P01
-- $13 message_id: id of the status message
-- $14 texts: {"de": {"body", "segments"}, ...}; NULL: the tenant sends none
-- $15 fallback_language: the tenant's language
-- $16 sender: number or name the message comes from
-- $17 carrier: provider that will carry it
-- $18 not_before: when it may be sent; later than now is deferred
-- $19 expires_at: when it is pointless
-- $20 suppress: why it is not sent, as far as known before (module_off), or NULL
-- $21 destinations: what numbers that the tenant sends to begin with, as a regular expression (phone_destinations()); NULL: all
-- > ticket_id, number, before, moved, message
with
i as (
  select app_tenant() as tenant, $1::uuid as ticket_id, $2::text as old, $3::text as new, $4::timestamptz as now, $5::uuid as event_id,
         $6::text as actor, $7::timestamptz as sla_due_at, $8::timestamptz as review_due_at, $9::uuid as appointment_id,
         $10::timestamptz as starts_at, $11::timestamptz as ends_at, $12::text as who, $13::uuid as message_id, $14::jsonb as texts,
         $15::text as fallback_language, $16::text as sender, $17::text as carrier, $18::timestamptz as not_before,
         $19::timestamptz as expires_at, $20::text as suppress, $21::text as destinations),
-- read: by parameters and single values, never by a join, whose order would be that of the day the plan was made. "is true" keeps a
-- condition from being taken for that of a partial index, all of which would then be read
ti as (
  select t.* from tickets t where t.id = $1::uuid for no key update of t),
run as (                                                                      -- did commit already: its answer was lost on the way
  select e.old_value from ticket_events e where e.id = $5::uuid and e.ticket_id = $1::uuid),
told as (
  select m.status, m.not_before from sms_log m where m.id = $13::uuid and exists (select from run)),
co as (
  select c.* from contacts c where c.id = (select contact_id from ti)),
budget as materialized (
  select ($4::timestamptz at time zone t.timezone)::date as day, t.daily_segments as most from tenants t where t.customer_id = (select app_tenant())),
spent as (
  select from segment_usage u
  where u.customer_id = (select app_tenant()) and u.day = (select day from budget) and u.segments >= (select most from budget)),
-- decide: no row where the status is not the expected one
r as (
  select i.old = 'DONE' and i.new not in ('DONE', 'CLOSED') as leaves_done, i.new in ('NEW', 'NEEDS_CALLBACK') as waits,
         i.new = 'SCHEDULED' and i.appointment_id is not null as appoints,
         case when i.suppress is not null then i.suppress
              when co.phone is null then 'no_phone'
              when co.opted_out_at is not null then 'opted_out'
              when coalesce(co.phone_kind, '') not in ('mobile', 'fixed_or_mobile') then 'not_mobile'
              when co.phone !~ i.destinations then 'destination'
              when guard_is_full(co.auto_sent_at, i.not_before) then 'loop_guard'
              when exists (select from spent) then 'budget' end as reason
  from i join ti on ti.status = i.old left join co on true
  where not exists (select from run)),
d as (
  select r.leaves_done, r.waits, r.appoints, r.reason, co.id as contact_id, co.phone, coalesce(i.texts -> co.language, i.texts -> i.fallback_language) as text,
         case when i.texts is null then 'none' when r.reason is not null then 'suppressed'
              when i.not_before > i.now then 'deferred' else 'queued' end as message
  from i cross join r left join co on true),
-- write: every row once
w_needless as (                                 -- they have spoken: no word in the morning of the call or the request of the night
  update sms_log m set status = 'suppressed', reason = 'withdrawn', status_at = i.now
  from i
  where i.new in ('SCHEDULED', 'IN_PROGRESS', 'DONE', 'CLOSED')
    and m.ticket_id = $1::uuid and (m.template = 'missed_call' or m.template = 'ticket_confirmation' and m.not_before > i.now)
    and (m.status = 'queued') is true
  returning m.template),
w_ticket as (
  update tickets t
  set status = i.new, unread = false, updated_at = i.now,
      job_completed_at = case i.new when 'DONE' then i.now when 'CLOSED' then t.job_completed_at end,
      review_due_at = case i.new when 'DONE' then i.review_due_at end,
      review_request_sent_at = case when not d.leaves_done then t.review_request_sent_at end,
      sla_due_at = case when d.waits and i.sla_due_at is not null then i.sla_due_at else t.sla_due_at end,
      escalated_at = case when d.waits and i.sla_due_at is not null then null else t.escalated_at end,
      confirmed_at = case when not exists (select from w_needless where template = 'ticket_confirmation') then t.confirmed_at end
  from i, d
  where t.id = $1::uuid
  returning t.id),
w_withdrawn as (
  update sms_log m set status = 'suppressed', reason = 'withdrawn', status_at = i.now
  from i, d
  where d.leaves_done and m.ticket_id = $1::uuid and m.template = 'review_request' and (m.status = 'queued') is true
  returning m.id),
w_alerts as (                                   -- whoever moves it has seen what the firm was alerted of
  update alerts a set answered_by = left(i.actor, 120), answered_at = i.now, next_at = null
  from i, d
  where a.ticket_id = $1::uuid and (a.answered_at is null) is true
  returning a.message_id),
w_answered as (
  update sms_log m set status = 'suppressed', reason = 'answered', status_at = i.now
  from i, d
  where m.id = any (array(select message_id from w_alerts)) and (m.status = 'queued') is true),
w_contact as (
  update contacts c
  set last_review_at = case when exists (select from w_withdrawn) then c.prior_review_at else c.last_review_at end,
      auto_sent_at = case when d.message in ('queued', 'deferred') then (i.not_before || c.auto_sent_at)[1:4] else c.auto_sent_at end,
      missed_text_at = case when not exists (select from w_needless where template = 'missed_call') then c.missed_text_at end
  from i, d
  where c.id = (select contact_id from d)
    and (exists (select from w_withdrawn) or exists (select from w_needless) or d.message in ('queued', 'deferred'))),
w_cancelled as (
  update appointments p set cancelled_at = i.now
  from i, d
  where p.ticket_id = $1::uuid and (p.cancelled_at is null) is true
    and (d.appoints or p.starts_at > i.now and i.new in ('NEW', 'NEEDS_CALLBACK', 'DONE', 'CLOSED'))
  returning p.id),
w_appointment as (                                                            -- after the old one is out of the way
  insert into appointments (id, customer_id, ticket_id, starts_at, ends_at, who, created_at)
  select i.appointment_id, i.tenant, i.ticket_id, i.starts_at, i.ends_at, i.who, i.now
  from i, d, (select count(*) from w_cancelled) cancelled
  where d.appoints),
w_event as (
  insert into ticket_events (id, customer_id, ticket_id, event_type, old_value, new_value, metadata, created_at)
  select i.event_id, i.tenant, i.ticket_id, 'status_changed', i.old, i.new,
         jsonb_strip_nulls(jsonb_build_object('actor', i.actor, 'appointment', case when d.appoints then
           jsonb_build_object('id', i.appointment_id, 'starts_at', i.starts_at, 'ends_at', i.ends_at, 'who', i.who) end)), i.now
  from i, d),
w_message as (
  insert into sms_log (id, customer_id, contact_id, ticket_id, direction, template, from_number, to_number, body, segments,
                       provider, status, reason, not_before, expires_at, status_at, created_at)
  select i.message_id, i.tenant, d.contact_id, i.ticket_id, 'outbound', 'status_' || lower(i.new), i.sender, d.phone,
         d.text ->> 'body', (d.text ->> 'segments')::int, i.carrier,
         case when d.message = 'suppressed' then 'suppressed' else 'queued' end, d.reason, i.not_before, i.expires_at, i.now, i.now
  from i, d
  where d.message <> 'none')
select ti.id as ticket_id, ti.number, coalesce((select old_value from run), ti.status) as before,
       exists (select from w_ticket) or exists (select from run) as moved,
       coalesce((select d.message from d),
                (select case when told.status = 'suppressed' then 'suppressed' when told.not_before > $4::timestamptz then 'deferred'
                             else 'queued' end from told), 'none') as message
from ti
