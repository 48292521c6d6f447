-- ALERT_TEXT: a text from one on call answers the alert they were told of, hands it on, or is kept with its ticket; no row: it is about none
-- role: web
-- $1 event_row: id of the inbound_events row, and of the inbound row of sms_log
-- $2 provider: who sent the event
-- $3 event_id: the sender's id of the event
-- $4 fingerprint: hash of the body
-- $5 raw: the request as it came, or NULL
-- $6 now: the instant of the request
-- $7 phone: E.164, who writes
-- $8 sender: the number they wrote to
-- $9 body: the text, whole
-- $10 consent: yes, no or neither
-- $11 ticket_event: id of the ticket's event
-- > replay, same_body, answer
with
i as (
  select app_tenant() as tenant, $1::uuid as event_row, $2::text as provider, $3::text as event_id, $4::text as fingerprint,
         $5::text as raw, $6::timestamptz as now, $7::text as phone, $8::text as sender, $9::text as body, $10::text as consent,
         $11::uuid as ticket_event),
seen as (
  select e.fingerprint, e.answer from inbound_events e
  where e.customer_id = (select app_tenant()) and e.provider = $2::text and e.event_id = $3::text),
al as (                                         -- the last telling of it to this number; a colleague may have been faster meanwhile
  select a.first_id, a.ticket_id, a.kind, coalesce(a.name, a.told) as who, a.answered_at is not null as late
  from alerts a
  where a.first_id = nullif(current_setting('app.alert', true), '')::uuid and a.told = $7::text and not exists (select from seen)
  order by a.step desc limit 1),
d as (
  select al.*, (select t.number from tickets t where t.id = al.ticket_id) as number,
         case when al.late or i.consent = 'neither' then 'alert_noted'
              when i.consent = 'yes' then 'alert_answered' else 'alert_declined' end as meaning
  from i, al),
a as (
  select jsonb_build_object('ticket_id', d.ticket_id, 'number', d.number, 'meaning', d.meaning, 'opened', false, 'reopened', false,
                            'answered', 'none', 'reason', null) as answer
  from d),
w_alerts as (                                   -- a no leaves the others their turn, and makes it come now
  update alerts a
  set answered_by = case d.meaning when 'alert_answered' then d.who end, answered_at = case d.meaning when 'alert_answered' then i.now end,
      next_at = case when d.meaning = 'alert_declined' and a.next_at is not null then i.now end
  from i, d
  where a.first_id = (select first_id from d) and (a.answered_at is null) is true and d.meaning <> 'alert_noted'
  returning a.message_id),
w_withdrawn as (
  update sms_log m set status = 'suppressed', reason = 'answered', status_at = i.now
  from i, d
  where m.id = any (array(select message_id from w_alerts)) and (m.status = 'queued') is true and d.meaning = 'alert_answered'),
w_ticket as (
  update tickets t set unread = false, updated_at = i.now
  from i, d
  where t.id = (select ticket_id from d) and d.meaning = 'alert_answered'),
w_event as (
  insert into ticket_events (id, customer_id, ticket_id, event_type, new_value, metadata, created_at)
  select i.ticket_event, i.tenant, d.ticket_id, d.meaning, case d.meaning when 'alert_noted' then i.body else d.who end,
         jsonb_build_object('kind', d.kind, 'by', case d.meaning when 'alert_noted' then d.who else 'sms' end), i.now
  from i, d),
w_received as (
  insert into sms_log (id, customer_id, ticket_id, direction, from_number, to_number, body, status, provider, status_at, created_at)
  select i.event_row, i.tenant, d.ticket_id, 'inbound', i.phone, i.sender, i.body, 'received', i.provider, i.now, i.now from i, d),
w_seen as (
  insert into inbound_events (id, customer_id, provider, event_id, fingerprint, verified, outcome, answer, raw, received_at)
  select i.event_row, i.tenant, i.provider, i.event_id, i.fingerprint, true, d.meaning, a.answer, i.raw, i.now from i, d, a)
select false as replay, true as same_body, answer from a
union all
select true, seen.fingerprint = i.fingerprint, seen.answer from i, seen
  cross join lateral pg_logical_emit_message(true, 'opsfabric', 'replay ' || seen.fingerprint)       -- waits for a standby as the first one did
