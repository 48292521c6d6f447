-- MESSAGE_RESOLVE: what a provider said about messages that were unknown; harmless when it is run again
-- role: service
-- $1 ids: of the messages
-- $2 attempts: the attempt that was asked about, each
-- $3 said: sent, delivered, failed or absent, each
-- $4 provider_ids: or NULL, each
-- $5 errors: or NULL, each
-- $6 event_ids: for the history, each
-- $7 now: the instant
-- > id, status
with
r as (
  select * from unnest($1::uuid[], $2::int[], $3::text[], $4::text[], $5::text[], $6::uuid[])
    as r (id, attempt, said, provider_id, error, event_id)),
before as (
  select m.id, r.said, r.provider_id, left(r.error, 1000) as error, r.event_id
  from sms_log m join r on r.id = m.id and r.attempt = m.attempts
  where m.id = any ($1::uuid[]) and (m.status = 'unknown') is true
    -- an id that another message has is that one's: the same words to the same number
    and not exists (select from sms_log o
                    where o.customer_id = m.customer_id and o.provider = m.provider and o.provider_id = r.provider_id and o.id <> m.id)
  order by m.id
  for no key update of m),
after as (
  update sms_log m
  set status = case when b.said <> 'absent' then b.said when m.expires_at > $7::timestamptz then 'queued' else 'expired' end,
      provider_id = coalesce(m.provider_id, b.provider_id), error = b.error, asks = 0, ask_at = null, status_at = $7::timestamptz
  from before b
  where m.id = b.id and m.id = any ($1::uuid[])
  returning m.id, m.customer_id, m.ticket_id, m.status, b.event_id, b.error),
w_event as (
  insert into ticket_events (id, customer_id, ticket_id, event_type, new_value, created_at)
  select event_id, customer_id, ticket_id, 'sms_' || status, error, $7::timestamptz
  from after
  where ticket_id is not null and status <> 'queued')
select id, status from after
