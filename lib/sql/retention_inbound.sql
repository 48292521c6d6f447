-- RETENTION_INBOUND: forgets requests of firms' callers and providers, as they came, and that they were answered
-- role: service
-- $1 before: what is older
-- $2 most: how many at most
-- > done
with
due as (
  select e.id from inbound_events e
  where e.received_at <= $1::timestamptz and e.customer_id is not null
  limit $2::int for update skip locked),
gone as (
  delete from inbound_events e where e.id = any (array(select id from due)) returning 1)
select count(*) as done from gone
