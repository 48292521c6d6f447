-- REVIEW_CLICK_LOCK: second statement of the pipeline of a click: takes the lock of the contact the link was sent to
-- role: web
-- $1 code: the code of the link
-- > locked
select pg_advisory_xact_lock(hashtextextended(t.customer_id || ' ' || coalesce(t.contact_phone, t.contact_email), 0)) as locked
from tickets t
where t.id = (select l.ticket_id from review_links l where l.code = $1::text) and coalesce(t.contact_phone, t.contact_email) is not null
