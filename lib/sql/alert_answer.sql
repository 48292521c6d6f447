-- ALERT_ANSWER: whoever was told presses the button: nobody else is told, unless somebody was faster; after ALERT_LOCK
-- role: web
-- $1 code_hash: SHA-256 of the code of the link
-- $2 now: the instant of the request
-- $3 event_id: id of the event
-- > first_id, answered
with
i as (
  select app_tenant() as tenant, $2::timestamptz as now, $3::uuid as event_id),
al as (
  select a.first_id, a.ticket_id, a.kind, coalesce(a.name, a.told) as who from alerts a where a.code_hash = $1::text),
w_alerts as (                                   -- all tellings of it: each has a link of its own
  update alerts a set answered_by = al.who, answered_at = i.now, next_at = null
  from i, al
  where a.first_id = (select first_id from al) and (a.answered_at is null) is true
  returning a.message_id),
w_withdrawn as (
  update sms_log m set status = 'suppressed', reason = 'answered', status_at = i.now
  from i
  where m.id = any (array(select message_id from w_alerts)) and (m.status = 'queued') is true),
w_ticket as (
  update tickets t set unread = false, updated_at = i.now
  from i
  where t.id = (select ticket_id from al) and exists (select from w_alerts)),
w_event as (
  insert into ticket_events (id, customer_id, ticket_id, event_type, new_value, metadata, created_at)
  select i.event_id, i.tenant, al.ticket_id, 'alert_answered', al.who, jsonb_build_object('kind', al.kind, 'by', 'link'), i.now
  from i, al
  where exists (select from w_alerts))
select al.first_id, exists (select from w_alerts) or exists (select from ticket_events e where e.id = $3::uuid) as answered from al
