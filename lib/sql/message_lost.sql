-- MESSAGE_LOST: whoever was sending these is gone; what became of them is not known
-- role: service
-- $1 now: the instant
-- $2 event_ids: for the history, as many as are taken at most
-- > id, attempts, customer_id, provider, slug
with
i as (
  select $1::timestamptz as now, $2::uuid[] as event_ids),
dead as (
  select id from sms_log where status = 'sending' and claimed_until < $1::timestamptz limit cardinality($2::uuid[])
  for no key update skip locked),
lost as (
  update sms_log m
  set status = 'unknown', error = 'dispatcher lost', claimed_by = null, claimed_until = null, status_at = $1::timestamptz
  where m.id = any (array(select id from dead))
  returning m.id, m.attempts, m.customer_id, m.ticket_id, m.provider, m.error),
w_event as (
  insert into ticket_events (id, customer_id, ticket_id, event_type, new_value, created_at)
  select i.event_ids[l.n], l.customer_id, l.ticket_id, 'sms_unknown', l.error, i.now
  from i, (select lost.*, row_number() over (order by id) as n from lost) l
  where l.ticket_id is not null)
select id, attempts, customer_id, provider, (select k.slug from customers k where k.id = lost.customer_id) as slug from lost
