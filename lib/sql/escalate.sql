-- ESCALATE: second statement of the pipeline of an escalation: reads what is locked again, and tells the next one on call
-- role: service
-- $1 now: the instant of the run
-- $2 items: [{"n", "ticket_id", "prior": the alert that nobody answered, or null: a promise is broken, "first_id": of that alert, "step",
--            "is_over": it went round often enough, "event_id", "alert": as ALERT_OPEN takes it, with the ticket's number in it}]
-- > outcome, reason
with
i as (
  select $1::timestamptz as now),
it as (
  select x.n, x.ticket_id, x.prior, x.first_id, x.step, x.is_over, x.event_id as own_event, al.*
  from jsonb_to_recordset($2::jsonb) as x (n int, ticket_id uuid, prior uuid, first_id uuid, step int, is_over boolean, event_id uuid, alert jsonb)
    cross join lateral jsonb_to_record(x.alert) as al (
      id uuid, message_id uuid, event_id uuid, kind text, template text, phone text, name text, body text, segments int, sender text,
      carrier text, code_hash text, next_at timestamptz, not_before timestamptz, expires_at timestamptz, reason text)
  where x.n = any (string_to_array(nullif(current_setting('app.escalate', true), ''), ',')::int[])),
-- read: again, what was due is older than the locks
unanswered as (
  select a.id from alerts a
  where a.id = any (array(select prior from it where prior is not null)) and a.next_at <= $1::timestamptz
  for no key update of a skip locked),
broken as (
  select t.id from tickets t
  where t.id = any (array(select ticket_id from it where prior is null)) and (t.sla_due_at <= $1::timestamptz) is true
    and (t.escalated_at is null) is true and (t.status in ('NEW', 'NEEDS_CALLBACK') or t.status = 'DONE' and t.unread) is true
  for no key update of t skip locked),
-- decide
d as (
  select it.*, k.customer_id, case when it.prior is null then 'escalated' when it.is_over then 'over'
                                   when it.reason is not null then 'impossible' else 'repeated' end as outcome
  from it cross join lateral (select t.customer_id from tickets t where t.id = it.ticket_id offset 0) k
  where it.prior in (select id from unanswered) or it.prior is null and it.ticket_id in (select id from broken)),
-- write: every row once
w_prior as (
  update alerts a set next_at = null where a.id = any (array(select prior from d where prior is not null))),
w_ticket as (
  update tickets t set escalated_at = i.now, updated_at = i.now
  from i
  where t.id = any (array(select ticket_id from d where outcome = 'escalated'))),
w_message as (
  insert into sms_log (id, customer_id, ticket_id, direction, template, from_number, to_number, body, segments, provider, status, reason,
                       not_before, expires_at, status_at, created_at)
  select d.message_id, d.customer_id, d.ticket_id, 'outbound', d.template, d.sender, d.phone, d.body, d.segments, d.carrier,
         case when d.reason is null then 'queued' else 'suppressed' end, d.reason, d.not_before, d.expires_at, i.now, i.now
  from i, d
  where d.outcome <> 'over'),
w_alert as (
  insert into alerts (id, customer_id, ticket_id, message_id, kind, told, told_at, first_id, step, name, code_hash, next_at)
  select d.id, d.customer_id, d.ticket_id, d.message_id, d.kind, d.phone, i.now, coalesce(d.first_id, d.id), d.step, d.name, d.code_hash, d.next_at
  from i, d
  where d.outcome <> 'over' and d.reason is null),
w_events as (
  insert into ticket_events (id, customer_id, ticket_id, event_type, new_value, metadata, created_at)
  select e.id, d.customer_id, d.ticket_id, e.event_type, e.new_value, e.metadata, i.now
  from i, d cross join lateral (values
    (d.own_event, d.outcome = 'escalated', 'escalated', null, null),
    (d.own_event, d.outcome = 'over', 'alert_unanswered', null, jsonb_build_object('kind', d.kind)),
    (d.event_id, d.outcome <> 'over', case when d.reason is null then 'alerted' else 'alert_impossible' end, coalesce(d.reason, d.name),
     jsonb_build_object('kind', d.kind))) e (id, wanted, event_type, new_value, metadata)
  where e.wanted)
select outcome, reason from d
