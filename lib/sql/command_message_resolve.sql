-- COMMAND_MESSAGE_RESOLVE: a person says what became of an unknown message
-- role: command
-- $1 id: of the message
-- $2 said: sent, failed or absent
-- $3 event_id: for the history
-- $4 now: the instant
-- > before, status; no row: no such message
with
i as (
  select $1::uuid as id, $2::text as said, $3::uuid as event_id, $4::timestamptz as now),
before as (
  select m.id, m.status from sms_log m where m.id = $1::uuid for no key update of m),
after as (
  update sms_log m
  set status = case when i.said <> 'absent' then i.said when m.expires_at > i.now then 'queued' else 'expired' end,
      error = 'resolved by hand: ' || i.said, asks = 0, ask_at = null, status_at = i.now
  from i
  where m.id = $1::uuid and m.id = (select id from before where status = 'unknown')
  returning m.id, m.customer_id, m.ticket_id, m.status, m.error),
w_event as (
  insert into ticket_events (id, customer_id, ticket_id, event_type, new_value, created_at)
  select i.event_id, a.customer_id, a.ticket_id, 'sms_' || a.status, a.error, i.now
  from i, after a
  where a.ticket_id is not null and a.status <> 'queued')
select b.status as before, a.status from before b left join after a on true
