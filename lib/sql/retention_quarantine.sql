-- RETENTION_QUARANTINE: forgets reports that were not believed or nobody's
-- role: service
-- $1 before: what is older
-- $2 most: how many at most
-- > done
with
due as (
  select e.id from inbound_events e
  where e.received_at <= $1::timestamptz and e.customer_id is null
  order by e.received_at limit $2::int for update skip locked),
gone as (
  delete from inbound_events e where e.id = any (array(select id from due)) returning 1)
select count(*) as done from gone
