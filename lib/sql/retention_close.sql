-- RETENTION_CLOSE: second statement: what is DONE for long enough becomes CLOSED
-- role: service
-- $1 before: what was done before this
-- $2 now: the instant of the run
-- $3 event_ids: for the history, as many as are locked at most
-- > done
with
i as (
  select $2::timestamptz as now, $3::uuid[] as event_ids),
closed as (                                     -- read again: what was due is older than the locks
  update tickets t set status = 'CLOSED', unread = false, review_due_at = null, updated_at = i.now
  from i
  where t.id = any (string_to_array(nullif(current_setting('app.retention', true), ''), ',')::uuid[])
    and (t.status = 'DONE' and t.job_completed_at <= $1::timestamptz) is true
    and (t.review_due_at is null or t.review_due_at <= $1::timestamptz) and (not t.unread or t.updated_at <= $1::timestamptz)
  returning t.id, t.customer_id),
w_events as (
  insert into ticket_events (id, customer_id, ticket_id, event_type, old_value, new_value, metadata, created_at)
  select i.event_ids[c.n], c.customer_id, c.id, 'status_changed', 'DONE', 'CLOSED', '{"actor": "retention"}', i.now
  from i, (select closed.*, row_number() over (order by id) as n from closed) c)
select count(*) as done from closed
