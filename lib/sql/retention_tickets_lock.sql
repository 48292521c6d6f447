-- RETENTION_TICKETS_LOCK: first statement of the pipeline that anonymises tickets: locks their contacts, those it gets without waiting
-- role: service
-- $1 before: nothing has happened on it since
-- $2 most: how many at most
-- > ids, locked
with
candidate as materialized (
  (select t.id, t.customer_id || ' ' || coalesce(t.contact_phone, t.contact_email, t.id::text) as key
   from tickets t
   where t.status = 'CLOSED' and t.erased_at is null and t.updated_at <= $1::timestamptz
   order by t.updated_at limit $2::int)
  union all
  -- what nobody ever finished
  (select t.id, t.customer_id || ' ' || coalesce(t.contact_phone, t.contact_email, t.id::text) as key
   from (select customer_id from tenants) f cross join lateral (
     select o.* from tickets o
     where o.customer_id = f.customer_id and o.sla_due_at <= $1::timestamptz and o.status not in ('DONE', 'CLOSED') and o.updated_at <= $1::timestamptz
     limit $2::int) t
   limit $2::int)),
mine as materialized (
  select id from candidate where pg_try_advisory_xact_lock(hashtextextended(key, 0)))
select set_config('app.retention', coalesce(string_agg(id::text, ','), ''), true) as ids, count(*) as locked from mine
