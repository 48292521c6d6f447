-- RETENTION_CONTACTS_LOCK: first statement of the pipeline that anonymises contacts: locks those of a page that are due, which it gets without waiting
-- role: service
-- $1 before: nobody has heard of them since. "offset 0" keeps the planner from reading all tickets once instead of a few often
-- $2 most: how many are looked at at most
-- $3 after: id behind which the page begins
-- $4 bound: id before which it ends: whoever is known for less long is not due
-- > ids, locked, last
with
page as materialized (
  select c.* from contacts c where c.erased_at is null and c.id > $3::uuid and c.id < $4::uuid order by c.id limit $2::int),
mine as materialized (
  select c.id from page c
  where (c.seen_at <= $1::timestamptz) is true
    and not exists (select from tickets t where t.contact_id = c.id and (t.erased_at is null) is true offset 0)
    and not exists (select from sms_log m where m.contact_id = c.id and (m.erased_at is null) is true offset 0)
    and pg_try_advisory_xact_lock(hashtextextended(c.customer_id || ' ' || coalesce(c.phone, c.email, c.id::text), 0)))
select set_config('app.retention', coalesce((select string_agg(id::text, ',') from mine), ''), true) as ids, (select count(*) from mine) as locked,
       (select id from page order by id desc limit 1) as last
