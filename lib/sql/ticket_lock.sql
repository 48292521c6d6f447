-- TICKET_LOCK: second statement of a pipeline that knows only the ticket: takes the lock of its contact
-- role: any
-- $1 ticket_id: the ticket
-- > locked
select pg_advisory_xact_lock(hashtextextended(t.customer_id || ' ' || coalesce(t.contact_phone, t.contact_email), 0)) as locked
from tickets t
where t.id = $1::uuid and coalesce(t.contact_phone, t.contact_email) is not null
