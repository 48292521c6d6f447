-- MISSED_CALL_OPEN: a missed call opens a ticket, joins the open one of the day or reopens it; at most one text in 15 minutes
-- role: web
-- $1 event_row: id of the inbound_events row
-- $2 provider: who sent the event
-- $3 event_id: the sender's id of the event
-- $4 fingerprint: hash of the body
-- $5 raw: the request as it came, or NULL
-- $6 now: the instant of the request
-- $7 contact_id: id for the contact, if it is a new one
-- $8 phone: E.164; NULL for a withheld caller: no contact, never an earlier ticket
-- $9 phone_kind: kind of the number, or NULL
-- $10 ticket_id: id for the ticket, if it is a new one
-- $11 dedupe_key: customer_id:phone:day; NULL for a withheld caller
-- $12 sla_due_at: the promise, should the ticket be new or reopened
-- $13 message_id: id of the text
-- $14 texts: {"de": {"body", "segments"}, ...}
-- $15 fallback_language: the tenant's language
-- $16 sender: number or name the text comes from
-- $17 carrier: provider that will carry it
-- $18 not_before: when it may be sent; later than now is deferred
-- $19 expires_at: when it is pointless
-- $20 suppress: why it is not sent, as far as known before (withheld, landline, destination, module_off), or NULL
-- $21 event_ids: three ids: created or updated, status_changed, urgency_changed
-- > replay, same_body, answer
with
i as (
  select app_tenant() as tenant, $1::uuid as event_row, $2::text as provider, $3::text as event_id, $4::text as fingerprint,
         $5::text as raw, $6::timestamptz as now, $7::uuid as contact_id, $8::text as phone, $9::text as phone_kind,
         $10::uuid as ticket_id, $11::text as dedupe_key, $12::timestamptz as sla_due_at, $13::uuid as message_id,
         $14::jsonb as texts, $15::text as fallback_language, $16::text as sender, $17::text as carrier,
         $18::timestamptz as not_before, $19::timestamptz as expires_at, $20::text as suppress, $21::uuid[] as event_ids),
-- read: by parameters and single values, never by a join, whose order would be that of the day the plan was made. "is true" keeps a
-- condition from being taken for that of a partial index, all of which would then be read
seen as (
  select e.fingerprint, e.answer from inbound_events e
  where e.customer_id = (select app_tenant()) and e.provider = $2::text and e.event_id = $3::text),
co as (
  select c.* from contacts c where c.customer_id = (select app_tenant()) and c.phone = $8::text),
gone as (                                       -- who said STOP and was erased since
  select o.opted_out_at from opt_outs o
  where o.customer_id = (select app_tenant()) and o.hash = opt_out_hash((select app_tenant()), $8::text) and not exists (select from co)),
ti as (
  select t.* from tickets t
  where t.dedupe_key = $11::text and t.status <> 'CLOSED' and not exists (select from seen)
  for no key update of t),
budget as materialized (
  select ($6::timestamptz at time zone t.timezone)::date as day, t.daily_segments as most from tenants t where t.customer_id = (select app_tenant())),
spent as (
  select from segment_usage u
  where u.customer_id = (select app_tenant()) and u.day = (select day from budget) and u.segments >= (select most from budget)),
-- decide
r as (
  select ti.id is not null as matched, coalesce(ti.status = 'DONE', false) as reopened,
         coalesce(co.missed_suppressed_at > i.now - interval '15 minutes', false) as noted,
         case when i.suppress is not null then i.suppress
              when co.opted_out_at is not null or exists (select from gone) then 'opted_out'
              when co.missed_text_at > i.now - interval '15 minutes' then 'recent'
              when guard_is_full(co.auto_sent_at, i.not_before) then 'loop_guard'
              when exists (select from spent) then 'budget' end as reason
  from i left join co on true left join ti on true
  where not exists (select from seen)),
d as (
  select r.matched, r.reopened, coalesce(ti.id, i.ticket_id) as ticket_id,
         case when i.phone is not null then coalesce(co.id, i.contact_id) end as contact_id,
         case when r.matched then ti.number else next_ticket_number() end as number,
         coalesce(ti.status, 'NEW') as old_status,
         case when not r.matched or r.reopened then 'NEW' else ti.status end as status,
         coalesce(ti.urgency, 'MED') as old_urgency, higher_urgency(ti.urgency, 'MED') as urgency,
         not r.matched or r.reopened as alarm,           -- see ALERT_OPEN
         case when not r.matched or r.reopened then i.sla_due_at else ti.sla_due_at end as sla_due_at,
         case when not r.matched or r.reopened then null else ti.escalated_at end as escalated_at,
         coalesce(i.texts -> co.language, i.texts -> i.fallback_language) as text,
         case when r.reason = 'recent' then 'dedupe' when r.reason is not null then 'recorded'
              when i.not_before > i.now then 'deferred' else 'queued' end as status_word,
         r.reason, r.reason is null as texts_now, r.reason <> 'recent' and not r.noted as notes_now
  from i cross join r left join co on true left join ti on true),
a as (
  select jsonb_build_object('ticket_id', d.ticket_id, 'number', d.number, 'status', d.status_word, 'reason', d.reason, 'alarm', d.alarm) as answer
  from d),
-- write: every row once
w_withdrawn as (
  update sms_log m set status = 'suppressed', reason = 'withdrawn', status_at = i.now
  from i
  where m.ticket_id = (select ticket_id from d where reopened) and m.template = 'review_request' and (m.status = 'queued') is true
  returning m.id),
w_contact as (
  insert into contacts as c (id, customer_id, phone, phone_kind, created_at, seen_at, known_at, opted_out_at, missed_text_at, missed_suppressed_at,
                             auto_sent_at)
  select d.contact_id, i.tenant, i.phone, i.phone_kind, i.now, i.now, i.now, (select opted_out_at from gone), case when d.texts_now then i.not_before end,
         case when d.notes_now then i.now end, case when d.texts_now then array[i.not_before] else '{}' end
  from i, d
  where i.phone is not null
  on conflict (id) do update
    set seen_at = excluded.seen_at, phone_kind = coalesce(excluded.phone_kind, c.phone_kind),
        known_at = coalesce(c.known_at, excluded.known_at),
        missed_text_at = coalesce(excluded.missed_text_at, c.missed_text_at),
        missed_suppressed_at = coalesce(excluded.missed_suppressed_at, c.missed_suppressed_at),
        last_review_at = case when exists (select from w_withdrawn) then c.prior_review_at else c.last_review_at end,
        auto_sent_at = (excluded.auto_sent_at || c.auto_sent_at)[1:4]),
w_ticket as (
  insert into tickets as t (id, customer_id, number, source, status, urgency, contact_id, contact_phone, dedupe_key, unread,
                            sla_due_at, escalated_at, created_at, updated_at)
  select d.ticket_id, i.tenant, d.number, 'missed_call', d.status, d.urgency, d.contact_id, i.phone, i.dedupe_key, true,
         d.sla_due_at, d.escalated_at, i.now, i.now
  from i, d
  on conflict (id) do update
    set status = excluded.status, urgency = excluded.urgency, unread = true, sla_due_at = excluded.sla_due_at,
        escalated_at = excluded.escalated_at, job_completed_at = null, review_request_sent_at = null, review_due_at = null,
        updated_at = excluded.updated_at),
w_events as (
  insert into ticket_events (id, customer_id, ticket_id, event_type, old_value, new_value, metadata, created_at)
  select i.event_ids[e.n], i.tenant, d.ticket_id, e.event_type, e.old_value, e.new_value, e.metadata, i.now
  from i, d, lateral (values
    (1, true, case when d.matched then 'updated' else 'created' end, null, 'missed_call', null::jsonb),
    (2, d.status <> d.old_status, 'status_changed', d.old_status, d.status, null),
    (3, d.urgency <> d.old_urgency, 'urgency_changed', d.old_urgency, d.urgency, null)) e (n, wanted, event_type, old_value, new_value, metadata)
  where e.wanted),
w_message as (
  insert into sms_log (id, customer_id, contact_id, ticket_id, direction, template, from_number, to_number, body, segments,
                       provider, status, reason, not_before, expires_at, status_at, created_at)
  select i.message_id, i.tenant, d.contact_id, d.ticket_id, 'outbound', 'missed_call', i.sender, i.phone,
         d.text ->> 'body', (d.text ->> 'segments')::int, i.carrier,
         case when d.texts_now then 'queued' else 'suppressed' end, d.reason, i.not_before, i.expires_at, i.now, i.now
  from i, d
  where d.texts_now or d.notes_now),
w_seen as (
  insert into inbound_events (id, customer_id, provider, event_id, fingerprint, verified, outcome, answer, raw, received_at)
  select i.event_row, i.tenant, i.provider, i.event_id, i.fingerprint, true, a.answer ->> 'status', a.answer, i.raw, i.now from i, a)
select false as replay, true as same_body, answer from a
union all
select true, seen.fingerprint = i.fingerprint, seen.answer from i, seen
  cross join lateral pg_logical_emit_message(true, 'opsfabric', 'replay ' || seen.fingerprint)       -- waits for a standby as the first one did
