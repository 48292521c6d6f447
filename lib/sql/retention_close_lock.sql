-- RETENTION_CLOSE_LOCK: first statement of the pipeline that closes tickets: locks the contacts of those that are due, which it gets without waiting
-- role: service
-- $1 before: what was done before this
-- $2 most: how many at most
-- > ids, locked
with
candidate as materialized (
  select t.id, t.customer_id || ' ' || coalesce(t.contact_phone, t.contact_email, t.id::text) as key
  from tickets t
  where t.status = 'DONE' and t.job_completed_at <= $1::timestamptz
    -- who is still to be asked for a review, and what nobody has read, waits as long again
    and (t.review_due_at is null or t.review_due_at <= $1::timestamptz) and (not t.unread or t.updated_at <= $1::timestamptz)
  order by t.job_completed_at limit $2::int),
mine as materialized (
  select id from candidate where pg_try_advisory_xact_lock(hashtextextended(key, 0)))
select set_config('app.retention', coalesce(string_agg(id::text, ','), ''), true) as ids, count(*) as locked from mine
