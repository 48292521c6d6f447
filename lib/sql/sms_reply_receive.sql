-- SMS_REPLY_RECEIVE: a text of a contact: kept, joined to the ticket it belongs to, acted on by its meaning, and answered
-- role: web
-- $1 event_row: id of the inbound_events row, and of the inbound row of sms_log
-- $2 provider: who sent the event
-- $3 event_id: the sender's id of the event
-- $4 fingerprint: hash of the body
-- $5 raw: the request as it came, or NULL
-- $6 now: the instant of the request
-- $7 contact_id: id for the contact, if it is a new one
-- $8 phone: E.164
-- $9 phone_kind: kind of the number, or NULL
-- $10 language: what the text shows of the contact's language, or NULL
-- $11 fallback_language: the tenant's language
-- $12 channel: sms or whatsapp
-- $13 ticket_id: id for the ticket, if one is opened
-- $14 dedupe_key: customer_id:phone:day
-- $15 sla_due_at: the promise, should a ticket be opened or reopened, or free text reach a finished one
-- $16 message_id: id of the answer
-- $17 texts: {"de": {"new": {"body", "segments"}, "joined": {...}, "day0": {...}}, ...}; new where a ticket is opened or reopened,
--            day0 to day6 where its promise still stands, joined for all else; NULL: no answer (courtesy)
-- $18 sender: number or name the answer comes from
-- $19 carrier: provider that will carry it
-- $20 not_before: when it may be sent; later than now is deferred
-- $21 expires_at: when it is pointless
-- $22 suppress: why it is not sent, as far as known before (landline, destination, module_off), or NULL
-- $23 event_ids: four ids: created, sms_received, status_changed, urgency_changed
-- $24 meaning: urgent, callback, form, text, courtesy, stop or start
-- $25 body: the text, whole
-- > replay, same_body, answer
with
i as (
  select app_tenant() as tenant, $1::uuid as event_row, $2::text as provider, $3::text as event_id, $4::text as fingerprint,
         $5::text as raw, $6::timestamptz as now, $7::uuid as contact_id, $8::text as phone, $9::text as phone_kind,
         $10::text as language, $11::text as fallback_language, $12::text as channel, $13::uuid as ticket_id, $14::text as dedupe_key,
         $15::timestamptz as sla_due_at, $16::uuid as message_id, $17::jsonb as texts, $18::text as sender, $19::text as carrier,
         $20::timestamptz as not_before, $21::timestamptz as expires_at, $22::text as suppress, $23::uuid[] as event_ids,
         -- what a machine like ours writes offers answers, and is none
         case when $24::text <> 'stop' and is_sender($8::text) then 'text' else $24::text end as meaning, $25::text as body),
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
joined as (                                     -- the newest of the last 7 days, an open one before a DONE one; else the day's
  select x.id from (
    select t.id, 1 as rule, t.status = 'DONE' as done, t.created_at from tickets t
    where t.contact_id = (select id from co) and (t.status <> 'CLOSED') is true and t.created_at > $6::timestamptz - interval '7 days'
    union all
    select t.id, 2, false, t.created_at from tickets t
    where t.dedupe_key = $14::text and t.status <> 'CLOSED') x
  order by x.rule, x.done, x.created_at desc, x.id desc limit 1),
ti as (
  select t.* from tickets t
  where t.id = (select id from joined) and not exists (select from seen)
  for no key update of t),
budget as materialized (
  select ($6::timestamptz at time zone t.timezone)::date as day, t.daily_segments as most, t.timezone from tenants t where t.customer_id = (select app_tenant())),
spent as (
  select from segment_usage u
  where u.customer_id = (select app_tenant()) and u.day = (select day from budget) and u.segments >= (select most from budget)),
promised as (                                   -- until when, of a ticket on which nobody has acted
  select to_char(p.until, 'HH24') as hour, to_char(p.until, 'MI') as minute, 'day' || p.until::date - b.day as text
  from budget b, lateral (select ti.sla_due_at at time zone b.timezone as until from ti, i
                          where ti.status in ('NEW', 'NEEDS_CALLBACK') and ti.sla_due_at > i.now) p),
-- decide
r as (
  select ti.id is not null as matched, i.meaning in ('urgent', 'callback', 'text') and ti.id is null as opened,
         coalesce(ti.status = 'DONE', false) and i.meaning in ('urgent', 'callback') as reopened,
         coalesce(ti.status = 'DONE' and not ti.unread, false) and i.meaning = 'text' as waits_again,
         coalesce(co.missed_text_at > i.now, false) and i.meaning in ('urgent', 'callback', 'form', 'text') as overtakes,
         case i.meaning when 'text' then ti.id is null                        -- what only adds to a ticket is not answered
                        when 'stop' then co.opted_out_at is null and not exists (select from gone)
                        when 'courtesy' then false
                        else true end and i.texts is not null as answers,
         case when i.suppress is not null then i.suppress
              when (co.opted_out_at is not null or exists (select from gone)) and i.meaning not in ('stop', 'start') then 'opted_out'
              -- STOP has to be confirmed, but alternating with START it must not get round the guard
              when guard_is_full(co.auto_sent_at, i.not_before)
                and (i.meaning <> 'stop' or co.stop_told_at > i.now - interval '24 hours') then 'loop_guard'
              when exists (select from spent) then 'budget' end as reason
  from i left join co on true left join ti on true
  where not exists (select from seen)),
d as (
  select r.matched, r.opened, r.reopened, r.waits_again, r.overtakes, coalesce(co.id, i.contact_id) as contact_id,
         case when r.opened then i.ticket_id else ti.id end as ticket_id,
         case when r.opened then next_ticket_number() else ti.number end as number,
         coalesce(ti.status, 'NEW') as old_status,
         case when coalesce(ti.status, 'DONE') = 'DONE' and i.meaning = 'urgent' then 'NEW'
              when coalesce(ti.status, 'DONE') in ('NEW', 'DONE') and i.meaning = 'callback' then 'NEEDS_CALLBACK'
              else coalesce(ti.status, 'NEW') end as status,
         ti.urgency as old_urgency,
         higher_urgency(ti.urgency, case i.meaning when 'urgent' then 'HIGH' when 'callback' then 'MED' when 'text' then 'MED' end) as urgency,
         i.meaning = 'urgent' and (r.opened or r.reopened or ti.urgency <> 'HIGH') as alarm,           -- see ALERT_OPEN
         case when r.opened then left(nullif(i.body, ''), 10000)
              when i.meaning = 'text' then left(concat_ws(e'\n', ti.summary, nullif(i.body, '')), 10000) else ti.summary end as summary,
         coalesce(ti.dedupe_key, i.dedupe_key) as dedupe_key,
         i.meaning in ('urgent', 'callback', 'text') or coalesce(ti.unread, true) as unread,
         case when r.opened or r.reopened or r.waits_again then i.sla_due_at else ti.sla_due_at end as sla_due_at,
         case when r.opened or r.reopened or r.waits_again then null else ti.escalated_at end as escalated_at,
         coalesce(i.texts -> co.language, i.texts -> i.language, i.texts -> i.fallback_language) as texts,
         case when not r.answers then 'none' when r.reason is not null then 'suppressed'
              when i.not_before > i.now then 'deferred' else 'queued' end as answered,
         case when r.answers then r.reason end as reason
  from i cross join r left join co on true left join ti on true),
a as (
  select jsonb_build_object('ticket_id', d.ticket_id, 'number', d.number, 'meaning', i.meaning, 'opened', d.opened,
                            'reopened', d.reopened, 'answered', d.answered, 'reason', d.reason, 'alarm', d.alarm) as answer
  from i, d),
-- write: every row once
w_withdrawn as (                                -- a reopened ticket asks for no review; STOP leaves nothing queued; who answers needs no
                                                -- more to be asked in the morning
  update sms_log m set status = 'suppressed', reason = case i.meaning when 'stop' then 'opted_out' else 'withdrawn' end, status_at = i.now
  from i, d
  where m.contact_id = (select contact_id from d where reopened or overtakes or (select meaning from i) = 'stop') and (m.status = 'queued') is true
    and (d.reopened and m.ticket_id = d.ticket_id and m.template = 'review_request'
         or d.overtakes and m.template = 'missed_call'
         or i.meaning = 'stop' and m.template not in ('alert', 'reply_stop'))
  returning m.template),
w_contact as (
  insert into contacts as c (id, customer_id, phone, phone_kind, language, created_at, seen_at, known_at, opted_out_at, stop_told_at, auto_sent_at)
  select d.contact_id, i.tenant, i.phone, i.phone_kind, i.language, i.now, i.now, i.now,
         case i.meaning when 'stop' then coalesce((select opted_out_at from gone), i.now) when 'start' then null else (select opted_out_at from gone) end,
         case when i.meaning = 'stop' and d.answered in ('queued', 'deferred') then i.now end,
         case when d.answered in ('queued', 'deferred') then array[i.not_before] else '{}' end
  from i, d
  on conflict (id) do update
    set seen_at = excluded.seen_at, phone_kind = coalesce(excluded.phone_kind, c.phone_kind),
        language = coalesce(c.language, excluded.language), known_at = coalesce(c.known_at, excluded.known_at),
        auto_sent_at = (excluded.auto_sent_at || c.auto_sent_at)[1:4],
        stop_told_at = coalesce(excluded.stop_told_at, c.stop_told_at),
        missed_text_at = case when (select not d.overtakes and i.meaning <> 'stop' from i, d) then c.missed_text_at end,   -- withdrawn
        last_review_at = case when exists (select from w_withdrawn where template = 'review_request') then c.prior_review_at
                              else c.last_review_at end,
        opted_out_at = case when (select meaning from i) <> 'start' then coalesce(c.opted_out_at, excluded.opted_out_at) end),
w_ticket as (
  insert into tickets as t (id, customer_id, number, source, status, urgency, contact_id, contact_phone, summary, dedupe_key, unread,
                            sla_due_at, escalated_at, created_at, updated_at)
  select d.ticket_id, i.tenant, d.number, case i.channel when 'whatsapp' then 'whatsapp' else 'sms_reply' end,
         d.status, d.urgency, d.contact_id, i.phone, d.summary, d.dedupe_key, d.unread, d.sla_due_at, d.escalated_at, i.now, i.now
  from i, d
  where d.ticket_id is not null
  on conflict (id) do update
    set status = excluded.status, urgency = excluded.urgency, summary = excluded.summary, unread = excluded.unread,
        sla_due_at = excluded.sla_due_at, escalated_at = excluded.escalated_at,
        job_completed_at = case when excluded.status = 'DONE' then t.job_completed_at end,
        review_request_sent_at = case when excluded.status = 'DONE' then t.review_request_sent_at end,
        review_due_at = case when excluded.status = 'DONE' then t.review_due_at end,
        updated_at = excluded.updated_at),
w_events as (
  insert into ticket_events (id, customer_id, ticket_id, event_type, old_value, new_value, metadata, created_at)
  select i.event_ids[e.n], i.tenant, d.ticket_id, e.event_type, e.old_value, e.new_value, e.metadata, i.now
  from i, d, lateral (values
    (1, d.opened, 'created', null, 'sms_reply', null::jsonb),
    (2, true, 'sms_received', null, i.body, null),
    (3, d.matched and d.status <> d.old_status, 'status_changed', d.old_status, d.status, null),
    (4, d.matched and d.urgency <> d.old_urgency, 'urgency_changed', d.old_urgency, d.urgency, null)) e (n, wanted, event_type, old_value, new_value, metadata)
  where e.wanted and d.ticket_id is not null),
w_received as (
  insert into sms_log (id, customer_id, contact_id, ticket_id, direction, channel, from_number, to_number, body, status, provider,
                       status_at, created_at)
  select i.event_row, i.tenant, d.contact_id, d.ticket_id, 'inbound', i.channel, i.phone, i.sender, i.body, 'received', i.provider,
         i.now, i.now
  from i, d),
w_message as (
  insert into sms_log (id, customer_id, contact_id, ticket_id, direction, channel, template, from_number, to_number, body, segments,
                       provider, status, reason, not_before, expires_at, status_at, created_at)
  select i.message_id, i.tenant, d.contact_id, d.ticket_id, 'outbound', i.channel, 'reply_' || i.meaning, i.sender, i.phone,
         replace(replace(t.text ->> 'body', '{h}', coalesce(p.hour, '')), '{m}', coalesce(p.minute, '')), (t.text ->> 'segments')::int,
         i.carrier, case when d.answered = 'suppressed' then 'suppressed' else 'queued' end, d.reason,
         i.not_before, i.expires_at, i.now, i.now
  from i cross join d left join promised p on true,
       lateral (select case when d.opened or d.reopened then d.texts -> 'new' else coalesce(d.texts -> p.text, d.texts -> 'joined') end) t (text)
  where d.answered <> 'none'),
w_seen as (
  insert into inbound_events (id, customer_id, provider, event_id, fingerprint, verified, outcome, answer, raw, received_at)
  select i.event_row, i.tenant, i.provider, i.event_id, i.fingerprint, true, i.meaning, a.answer, i.raw, i.now from i, a)
select false as replay, true as same_body, answer from a
union all
select true, seen.fingerprint = i.fingerprint, seen.answer from i, seen
  cross join lateral pg_logical_emit_message(true, 'opsfabric', 'replay ' || seen.fingerprint)       -- waits for a standby as the first one did
