-- REVIEW_LOCK: first statement of the review pipeline: locks the contacts of due tickets, those it gets without waiting
-- role: service
-- $1 now: the instant of the run
-- $2 most: how many tickets at most
-- $3 tenants: ids of the tenants that REVIEW_REQUEST is told about
-- > tickets, locked
with
candidate as materialized (
  select t.id, t.customer_id || ' ' || coalesce(t.contact_phone, t.contact_email, t.id::text) as key
  from tickets t
  where t.review_due_at <= $1::timestamptz and t.customer_id = any ($3::uuid[])
  order by t.review_due_at limit $2::int),
mine as materialized (
  select id from candidate where pg_try_advisory_xact_lock(hashtextextended(key, 0)))
select set_config('app.review_tickets', coalesce(string_agg(id::text, ','), ''), true) as tickets, count(*) as locked from mine
