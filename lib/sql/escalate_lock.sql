-- ESCALATE_LOCK: first statement of the pipeline of an escalation: locks the contacts it is about, those it gets without waiting
-- role: service
-- $1 items: as ESCALATE takes them
-- > items, locked
with
candidate as materialized (
  select x.n, t.key
  from jsonb_to_recordset($1::jsonb) as x (n int, ticket_id uuid)
    cross join lateral (select k.customer_id || ' ' || coalesce(k.contact_phone, k.contact_email, k.id::text) as key
                        from tickets k where k.id = x.ticket_id offset 0) t),
mine as materialized (
  select n from candidate where pg_try_advisory_xact_lock(hashtextextended(key, 0)))
select set_config('app.escalate', coalesce(string_agg(n::text, ','), ''), true) as items, count(*) as locked from mine
