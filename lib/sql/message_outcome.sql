-- MESSAGE_OUTCOME: what became of a batch of attempts; harmless when it is run again
-- role: service
-- $1 ids: of the messages
-- $2 attempts: the attempt each outcome belongs to
-- $3 outcomes: sent, failed, unknown or retry, each
-- $4 provider_ids: or NULL, each
-- $5 errors: or NULL, each
-- $6 retry_at: with retry, when; else NULL, each
-- $7 event_ids: for the history, each
-- $8 now: the instant
-- > id, status
with
o as (
  select * from unnest($1::uuid[], $2::int[], $3::text[], $4::text[], $5::text[], $6::timestamptz[], $7::uuid[])
    as o (id, attempt, outcome, provider_id, error, retry_at, event_id)),
before as (
  select m.id, m.status, o.outcome, o.provider_id, left(o.error, 1000) as error, o.retry_at, o.event_id
  from sms_log m join o on o.id = m.id and o.attempt = m.attempts
  where m.id = any ($1::uuid[])
    and (m.status = 'sending' or m.status = 'unknown' and o.outcome <> 'unknown'
         or m.status in ('sent', 'delivered', 'failed') and m.provider_id is null)
  order by m.id
  for no key update of m),
after as (
  update sms_log m
  set status = case when b.status not in ('sending', 'unknown') then b.status       -- a receipt was faster, or this batch, which hung: b is of now, m may not be
                    when b.outcome <> 'retry' then b.outcome
                    when b.retry_at < m.expires_at then 'queued' else 'expired' end,
      not_before = case when b.outcome = 'retry' and b.status in ('sending', 'unknown') then b.retry_at else m.not_before end,
      provider_id = coalesce(m.provider_id, b.provider_id),
      error = case when b.status in ('sending', 'unknown') then b.error else m.error end,
      claimed_by = null, claimed_until = null,
      status_at = case when b.status in ('sending', 'unknown') then $8::timestamptz else m.status_at end
  from before b
  where m.id = b.id and m.id = any ($1::uuid[])
  returning m.id, m.customer_id, m.ticket_id, m.status, b.status as old_status, b.event_id, b.error),
w_event as (
  insert into ticket_events (id, customer_id, ticket_id, event_type, new_value, created_at)
  select event_id, customer_id, ticket_id, 'sms_' || status, error, $8::timestamptz
  from after
  where ticket_id is not null and status <> 'queued' and status <> old_status)
select id, status from after
