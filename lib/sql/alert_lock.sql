-- ALERT_LOCK: second statement of the pipeline of a link: takes the lock of the contact the alert is about
-- role: web
-- $1 code_hash: SHA-256 of the code of the link
-- > locked
select pg_advisory_xact_lock(hashtextextended(t.customer_id || ' ' || coalesce(t.contact_phone, t.contact_email), 0)) as locked
from tickets t
where t.id = (select a.ticket_id from alerts a where a.code_hash = $1::text) and coalesce(t.contact_phone, t.contact_email) is not null
