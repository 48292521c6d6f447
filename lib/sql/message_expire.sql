-- MESSAGE_EXPIRE: what waited until it was pointless
-- role: service
-- $1 now: the instant
-- $2 event_ids: for the history, as many as are taken at most
-- > id, attempts, customer_id, provider, slug
with
i as (
  select $1::timestamptz as now, $2::uuid[] as event_ids),
late as (
  select id from sms_log where status = 'queued' and expires_at <= $1::timestamptz order by expires_at limit cardinality($2::uuid[])
  for no key update skip locked),
expired as (
  update sms_log m set status = 'expired', status_at = $1::timestamptz
  where m.id = any (array(select id from late))
  returning m.id, m.customer_id, m.contact_id, m.ticket_id, m.template, m.created_at, m.attempts, m.provider),
w_contact as (                                  -- who was not asked for a review may be asked after the next job
  update contacts c set last_review_at = c.prior_review_at
  from expired e
  where c.id = e.contact_id and c.id = any (array(select contact_id from expired where template = 'review_request'))
    and e.template = 'review_request' and c.last_review_at = e.created_at),
w_event as (
  insert into ticket_events (id, customer_id, ticket_id, event_type, created_at)
  select i.event_ids[e.n], e.customer_id, e.ticket_id, 'sms_expired', i.now
  from i, (select expired.*, row_number() over (order by id) as n from expired) e
  where e.ticket_id is not null)
select id, attempts, customer_id, provider, (select k.slug from customers k where k.id = expired.customer_id) as slug from expired
