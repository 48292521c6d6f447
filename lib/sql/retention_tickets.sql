-- RETENTION_TICKETS: second statement: tickets on which nothing has happened for long enough lose whom and what they were about
-- role: service
-- $1 before: nothing has happened on it since
-- $2 now: the instant of the run
-- > done
select ticket_forget(array(
  select t.id from tickets t
  where t.id = any (string_to_array(nullif(current_setting('app.retention', true), ''), ',')::uuid[])
    and (t.updated_at <= $1::timestamptz and t.status <> 'DONE' and t.erased_at is null) is true), $2::timestamptz) as done
