-- ALERT_PHOTOS: the photos of the ticket that the link of an alert is about, in the order in which they came
-- role: web
-- $1 code_hash: SHA-256 of the code of the link
-- > id
select p.id
from photos p
where p.ticket_id = (select a.ticket_id from alerts a where a.code_hash = $1::text)
order by p.created_at, p.place
