-- TICKET_OPEN: a request of any channel opens a ticket, joins the open one of the day or reopens it; and its confirmation
-- role: web
-- $1 event_row: id of the inbound_events row
-- $2 provider: who sent the event; 'api' and 'public' for Idempotency-Key: those count for seven days
-- $3 event_id: the sender's id of the event, the Idempotency-Key, or an id made for this request
-- $4 fingerprint: hash of the body
-- $5 raw: the request as it came, or NULL
-- $6 now: the instant of the request
-- $7 contact_id: id for the contact, if it is a new one
-- $8 phone: E.164, or NULL: the contact is found by e-mail
-- $9 phone_kind: kind of the number, or NULL
-- $10 email: lower case, or NULL
-- $11 name: of the contact, or NULL
-- $12 language: the request's own language, or NULL where it shows none
-- $13 fallback_language: the tenant's language
-- $14 ticket_id: id for the ticket, if it is a new one
-- $15 dedupe_key: customer_id:phone (or e-mail):day
-- $16 source: wizard, whatsapp, email, manual, ...
-- $17 intent: or NULL
-- $18 urgency: LOW, MED or HIGH
-- $19 summary: what the contact wrote, or NULL
-- $20 metadata: JSON object, or NULL
-- $21 sla_due_at: the promise, should the ticket be new or reopened
-- $22 message_id: id of the confirmation
-- $23 texts: {"de": {"new": {"body", "segments"}, "joined": {...}, "day0": {...}}, ...}; new for opened and reopened tickets, day0 to
--            day6 for one whose promise still stands when the confirmation is sent
-- $24 sender: number or name the confirmation comes from
-- $25 carrier: provider that will carry it
-- $26 not_before: when it may be sent; later than now is deferred
-- $27 expires_at: when it is pointless
-- $28 suppress: why it is not sent, as far as known before (no_phone, landline, destination, module_off), or NULL
-- $29 event_ids: four ids: created or updated, status_changed, urgency_changed, the consent
-- $30 consent: {"version", "language"} the contact agreed to, or NULL
-- $31 vouched: does the firm itself ask, with its token? Else only a visitor speaks for the number
-- > replay, same_body, answer
with
i as (                                                                        -- the parameters, named and typed once
  select app_tenant() as tenant, $1::uuid as event_row, $2::text as provider, $3::text as event_id, $4::text as fingerprint,
         $5::text as raw, $6::timestamptz as now, $7::uuid as contact_id, $8::text as phone, $9::text as phone_kind,
         $10::text as email, $11::text as name, $12::text as language, $13::text as fallback_language, $14::uuid as ticket_id,
         $15::text as dedupe_key, $16::text as source, $17::text as intent, $18::text as urgency, $19::text as summary,
         coalesce($20::jsonb, '{}') as metadata, $21::timestamptz as sla_due_at, $22::uuid as message_id, $23::jsonb as texts,
         $24::text as sender, $25::text as carrier, $26::timestamptz as not_before, $27::timestamptz as expires_at,
         $28::text as suppress, $29::uuid[] as event_ids, $30::jsonb as consent,
         $31::boolean as vouched),
-- read: by parameters and single values, never by a join, whose order would be that of the day the plan was made. "is true" keeps a
-- condition from being taken for that of a partial index, all of which would then be read
earlier as (
  select e.id, e.fingerprint, e.answer, e.provider in ('api', 'public') and e.received_at <= $6::timestamptz - interval '7 days' as stale
  from inbound_events e
  where e.customer_id = (select app_tenant()) and e.provider = $2::text and e.event_id = $3::text),
seen as (
  select fingerprint, answer from earlier where not stale),
co as (
  select c.* from contacts c where c.customer_id = (select app_tenant()) and c.phone = $8::text
  union all
  select c.* from contacts c where c.customer_id = (select app_tenant()) and c.email = $10::text and c.phone is null and $8::text is null),
gone as (                                       -- who said STOP and was erased since
  select o.opted_out_at from opt_outs o
  where o.customer_id = (select app_tenant()) and o.hash = opt_out_hash((select app_tenant()), $8::text) and not exists (select from co)),
ti as (
  select t.* from tickets t
  where t.dedupe_key = $15::text and t.status <> 'CLOSED' and not exists (select from seen)
  for no key update of t),
budget as materialized (
  select ($6::timestamptz at time zone t.timezone)::date as day, t.daily_segments as most, t.config, t.timezone
  from tenants t where t.customer_id = (select app_tenant())),
used as (                                       -- as of the last claim; the next one looks again, and counts
  select u.segments, u.first_segments,
         case when u.first_hour = date_trunc('hour', $6::timestamptz) then u.first_hour_segments else 0 end as first_hour_segments
  from segment_usage u
  where u.customer_id = (select app_tenant()) and u.day = (select day from budget)),
promised as (                                                                 -- until when, of a ticket on which nobody has acted, if nobody has said so
  select to_char(p.until, 'HH24') as hour, to_char(p.until, 'MI') as minute, 'day' || p.until::date - p.said::date as text
  from budget b, lateral (select ti.sla_due_at at time zone b.timezone as until, i.not_before at time zone b.timezone as said from ti, i
                          where ti.status in ('NEW', 'NEEDS_CALLBACK') and ti.confirmed_at is null and ti.sla_due_at > i.not_before) p),
-- decide
r as (
  select ti.id is not null as matched, coalesce(ti.status = 'DONE', false) as reopened,
         coalesce(ti.confirmed_at > i.now - interval '30 minutes', false) as recent,
         coalesce(co.missed_text_at > i.now, false) as overtakes,
         case when i.suppress is not null then i.suppress
              when co.opted_out_at is not null or exists (select from gone) then 'opted_out'
              when guard_is_full(co.auto_sent_at, i.not_before) then 'loop_guard'
              when (select u.segments >= b.most from used u, budget b) then 'budget'
              when not i.vouched and co.known_at is null
                and (select u.first_hour_segments >= l.most[1] or u.first_segments >= l.most[2]
                     from used u, budget b, lateral (select first_limits(b.most, b.config) as most offset 0) l) then 'first_contact' end as reason
  from i left join co on true left join ti on true
  where not exists (select from seen)),
d as (
  select r.matched, r.reopened, coalesce(ti.id, i.ticket_id) as ticket_id, coalesce(co.id, i.contact_id) as contact_id,
         case when r.matched then ti.number else next_ticket_number() end as number,
         coalesce(ti.status, 'NEW') as old_status,
         case when not r.matched or r.reopened then 'NEW' else ti.status end as status,
         coalesce(ti.urgency, i.urgency) as old_urgency, higher_urgency(ti.urgency, i.urgency) as urgency,
         i.urgency = 'HIGH' and (not r.matched or r.reopened or ti.urgency <> 'HIGH') as alarm,           -- see ALERT_OPEN
         left(nullif(concat_ws(e'\n', ti.summary, i.summary), ''), 10000) as summary,
         case when length((i.metadata || coalesce(ti.metadata, '{}'))::text) <= 16000 then i.metadata || coalesce(ti.metadata, '{}')
              else coalesce(ti.metadata, '{}') end as metadata,
         case when not r.matched or r.reopened then i.sla_due_at else ti.sla_due_at end as sla_due_at,
         case when not r.matched or r.reopened then null else ti.escalated_at end as escalated_at,
         coalesce(i.texts -> co.language, i.texts -> i.language, i.texts -> i.fallback_language) as texts,
         case when r.recent then 'none' when r.reason is not null then 'suppressed'
              when i.not_before > i.now then 'deferred' else 'queued' end as confirmation,
         case when r.recent then 'recent' else r.reason end as reason,
         r.overtakes and not r.recent and r.reason is null as overtakes
  from i cross join r left join co on true left join ti on true),
a as (
  select jsonb_build_object('ticket_id', d.ticket_id, 'number', d.number, 'dedupe_matched', d.matched,
                            'confirmation', d.confirmation, 'reason', d.reason, 'sla_due_at', d.sla_due_at, 'alarm', d.alarm) as answer
  from d),
-- write: every row once
w_withdrawn as (                                                              -- a reopened ticket asks for no review
  update sms_log m set status = 'suppressed', reason = 'withdrawn', status_at = i.now
  from i
  where m.ticket_id = (select ticket_id from d where reopened) and m.template = 'review_request' and (m.status = 'queued') is true
  returning m.id),
w_needless as (                                                               -- the confirmation says more than the text of the morning
  update sms_log m set status = 'suppressed', reason = 'withdrawn', status_at = i.now
  from i
  where m.contact_id = (select contact_id from d where overtakes) and m.template = 'missed_call' and (m.status = 'queued') is true),
w_contact as (
  insert into contacts as c (id, customer_id, phone, phone_kind, email, name, language, created_at, seen_at, known_at, opted_out_at, auto_sent_at)
  select d.contact_id, i.tenant, i.phone, i.phone_kind, i.email, i.name, i.language, i.now, i.now, case when i.vouched then i.now end,
         (select opted_out_at from gone), case when d.confirmation in ('queued', 'deferred') then array[i.not_before] else '{}' end
  from i, d
  on conflict (id) do update
    set seen_at = excluded.seen_at, phone_kind = coalesce(excluded.phone_kind, c.phone_kind),
        email = coalesce(c.email, excluded.email), name = coalesce(c.name, excluded.name),
        language = coalesce(c.language, excluded.language), known_at = coalesce(c.known_at, excluded.known_at),
        last_review_at = case when exists (select from w_withdrawn) then c.prior_review_at else c.last_review_at end,
        missed_text_at = case when not (select overtakes from d) then c.missed_text_at end,
        auto_sent_at = (excluded.auto_sent_at || c.auto_sent_at)[1:4]),
w_ticket as (
  insert into tickets as t (id, customer_id, number, source, status, intent, urgency, contact_id, contact_phone, contact_email,
                            contact_name, summary, metadata, dedupe_key, unread, sla_due_at, escalated_at, confirmed_at,
                            created_at, updated_at)
  select d.ticket_id, i.tenant, d.number, i.source, d.status, i.intent, d.urgency, d.contact_id, i.phone, i.email,
         i.name, d.summary, d.metadata, i.dedupe_key, i.source <> 'manual', d.sla_due_at, d.escalated_at,
         case when d.confirmation in ('queued', 'deferred') then i.not_before end, i.now, i.now
  from i, d
  on conflict (id) do update
    set status = excluded.status, urgency = excluded.urgency, summary = excluded.summary, metadata = excluded.metadata,
        sla_due_at = excluded.sla_due_at, escalated_at = excluded.escalated_at, unread = t.unread or excluded.unread,
        intent = coalesce(t.intent, excluded.intent), contact_name = coalesce(t.contact_name, excluded.contact_name),
        contact_email = coalesce(t.contact_email, excluded.contact_email),
        confirmed_at = coalesce(excluded.confirmed_at, t.confirmed_at),
        job_completed_at = null, review_request_sent_at = null, review_due_at = null, updated_at = excluded.updated_at),
w_events as (
  insert into ticket_events (id, customer_id, ticket_id, event_type, old_value, new_value, metadata, created_at)
  select i.event_ids[e.n], i.tenant, d.ticket_id, e.event_type, e.old_value, e.new_value, e.metadata, i.now
  from i, d, lateral (values
    (1, true, case when d.matched then 'updated' else 'created' end, null, i.summary,
     jsonb_strip_nulls(jsonb_build_object('source', i.source, 'intent', i.intent, 'urgency', i.urgency, 'name', i.name,
                                          'email', i.email, 'metadata', nullif(i.metadata, '{}')))),
    (2, d.status <> d.old_status, 'status_changed', d.old_status, d.status, null),
    (3, d.urgency <> d.old_urgency, 'urgency_changed', d.old_urgency, d.urgency, null))
    e (n, wanted, event_type, old_value, new_value, metadata)
  where e.wanted),
w_consent as (
  insert into consents (id, customer_id, contact_id, ticket_id, text_version, language, given_at)
  select i.event_ids[4], i.tenant, d.contact_id, d.ticket_id, i.consent ->> 'version', i.consent ->> 'language', i.now
  from i, d
  where i.consent is not null),
w_message as (
  insert into sms_log (id, customer_id, contact_id, ticket_id, direction, template, from_number, to_number, body, segments,
                       provider, status, reason, not_before, expires_at, status_at, created_at)
  select i.message_id, i.tenant, d.contact_id, d.ticket_id, 'outbound', 'ticket_confirmation', i.sender, i.phone,
         replace(replace(replace(t.text ->> 'body', '{number}', d.number::text), '{h}', coalesce(p.hour, '')), '{m}', coalesce(p.minute, '')),
         (t.text ->> 'segments')::int, i.carrier, case when d.confirmation = 'suppressed' then 'suppressed' else 'queued' end, d.reason,
         i.not_before, i.expires_at, i.now, i.now
  from i cross join d left join promised p on true,
       lateral (select case when not d.matched or d.reopened then d.texts -> 'new'
                            else coalesce(d.texts -> p.text, d.texts -> 'joined') end) t (text)
  where d.confirmation <> 'none'),
w_renewed as (                                                                -- the key was used more than seven days ago
  update inbound_events e
  set id = i.event_row, fingerprint = i.fingerprint, answer = a.answer, raw = i.raw, received_at = i.now
  from i, a
  where e.id = (select id from earlier where stale)
  returning e.id),
w_seen as (                                                                   -- no ON CONFLICT: who slips past the lock runs again
  insert into inbound_events (id, customer_id, provider, event_id, fingerprint, verified, answer, raw, received_at)
  select i.event_row, i.tenant, i.provider, i.event_id, i.fingerprint, true, a.answer, i.raw, i.now
  from i, a
  where not exists (select from w_renewed))
select false as replay, true as same_body, answer from a
union all
select true, seen.fingerprint = i.fingerprint, seen.answer from i, seen
  cross join lateral pg_logical_emit_message(true, 'opsfabric', 'replay ' || seen.fingerprint)       -- waits for a standby as the first one did
