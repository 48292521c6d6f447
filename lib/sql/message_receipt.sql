-- MESSAGE_RECEIPT: a provider says what became of a message; early, late, twice or out of order it only moves it forward
-- role: web
-- $1 message_id: our id, or NULL where the receipt carries only the provider's
-- $2 provider: who says it
-- $3 provider_id: the provider's id, or NULL
-- $4 verdict: sent, delivered or failed
-- $5 error: why it failed, or NULL
-- $6 now: the instant of the request
-- $7 event_id: id of the event
-- > message_id, status, changed
with
i as (
  select $3::text as provider_id, $4::text as verdict, left($5::text, 1000) as error, $6::timestamptz as now, $7::uuid as event_id),
found as (
  select m.id from sms_log m where m.id = $1::uuid and m.direction = 'outbound'
  union all
  select m.id from sms_log m
  where $1::uuid is null and m.customer_id = (select app_tenant()) and m.provider = $2::text and m.provider_id = $3::text and m.direction = 'outbound'),
before as (
  select m.id, m.status from sms_log m where m.id = any (array(select id from found)) order by m.id for no key update of m),
after as (
  update sms_log m
  set status = i.verdict, provider_id = coalesce(m.provider_id, i.provider_id), error = i.error,
      claimed_by = null, claimed_until = null, status_at = i.now
  from i, before b
  where m.id = b.id and m.id = any (array(select id from before)) and (b.status in ('sending', 'unknown') or b.status = 'sent' and i.verdict <> 'sent')
  returning m.id, m.customer_id, m.ticket_id, m.status),
w_event as (
  insert into ticket_events (id, customer_id, ticket_id, event_type, new_value, created_at)
  select i.event_id, after.customer_id, after.ticket_id, 'sms_' || after.status, i.error, i.now
  from i, after
  where after.ticket_id is not null)
select b.id as message_id, coalesce(after.status, b.status) as status, after.id is not null as changed
from before b left join after using (id)
