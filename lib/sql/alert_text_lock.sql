-- ALERT_TEXT_LOCK: finds the newest alert that one on call was told of within a day and nobody answered; takes the lock of its contact
-- role: web
-- $1 phone: E.164, who writes
-- $2 now: the instant of the request
-- > alert, locked
with
newest as materialized (
  select a.first_id, a.ticket_id from alerts a
  where a.customer_id = (select app_tenant()) and a.told_at > $2::timestamptz - interval '24 hours' and a.told = $1::text
    and a.answered_at is null
  order by a.told_at desc, a.step desc limit 1)
select set_config('app.alert', coalesce((select first_id::text from newest), ''), true) as alert,
       (select pg_advisory_xact_lock(hashtextextended(t.customer_id || ' ' || coalesce(t.contact_phone, t.contact_email), 0))::text
        from tickets t
        where t.id = (select ticket_id from newest) and coalesce(t.contact_phone, t.contact_email) is not null) as locked
