-- ALERT_OPEN: last statement of the pipeline of a request, a call or a reply: if that is a reason to alarm, tells the first one on call
-- role: web
-- $1 event_row: id of the inbound_events row of this event, which the statement before wrote unless the event is a repeated one
-- $2 now: the instant of the request
-- $3 alert: {"id", "message_id", "event_id", "kind", "template", "phone", "name", "body" with {number}, "segments", "last_body" and
--            "last_segments" of the last one before a silence, "sender", "carrier", "code_hash", "next_at", "not_before", "expires_at",
--            "reason": why nobody can be told, "most": alerts in an hour that strangers can cause, if one may have caused it}
-- > nothing
with
i as (
  select app_tenant() as tenant, $2::timestamptz as now),
al as (
  select * from jsonb_to_record($3::jsonb) as (
    id uuid, message_id uuid, event_id uuid, kind text, template text, phone text, name text, body text, segments int, last_body text,
    last_segments int, sender text, carrier text, code_hash text, next_at timestamptz, not_before timestamptz, expires_at timestamptz,
    reason text, most int)),
-- read: what was decided; and once only, where the same transaction is run again
alarm as (
  select (e.answer ->> 'ticket_id')::uuid as ticket_id, e.answer ->> 'number' as number
  from inbound_events e
  where e.id = $1::uuid and (e.answer -> 'alarm')::boolean
    and not exists (select from sms_log m where m.id = (select message_id from al))),
told as (                                       -- of strangers, in the last hour; who is known is always told of
  select count(*) as times
  from alerts p
  where p.customer_id = (select app_tenant()) and p.step = 0 and p.kind = (select kind from al) and p.told_at > $2::timestamptz - interval '1 hour'
    and (select al.most is not null and c.known_at is null
         from al, contacts c where c.id = (select t.contact_id from tickets t where t.id = (select ticket_id from alarm)))),
-- decide
d as (
  select al.*, alarm.ticket_id,
         replace(case when told.times + 1 = al.most then al.last_body else al.body end, '{number}', alarm.number) as text,
         case when told.times + 1 = al.most then al.last_segments else al.segments end as cost,
         case when al.reason is not null then al.reason when told.times >= al.most then 'alert_flood' end as why
  from alarm, al, told),
-- write: every row once
w_events as (
  insert into ticket_events (id, customer_id, ticket_id, event_type, new_value, metadata, created_at)
  select d.event_id, i.tenant, d.ticket_id, case when d.why is null then 'alerted' else 'alert_impossible' end, coalesce(d.why, d.name),
         jsonb_build_object('kind', d.kind), i.now
  from i, d),
w_message as (
  insert into sms_log (id, customer_id, ticket_id, direction, template, from_number, to_number, body, segments, provider, status, reason,
                       not_before, expires_at, status_at, created_at)
  select d.message_id, i.tenant, d.ticket_id, 'outbound', d.template, d.sender, d.phone, d.text, d.cost, d.carrier,
         case when d.why is null then 'queued' else 'suppressed' end, d.why, d.not_before, d.expires_at, i.now, i.now
  from i, d)
insert into alerts (id, customer_id, ticket_id, message_id, kind, told, told_at, first_id, name, code_hash, next_at)
select d.id, i.tenant, d.ticket_id, d.message_id, d.kind, d.phone, i.now, d.id, d.name, d.code_hash, d.next_at
from i, d
where d.why is null
