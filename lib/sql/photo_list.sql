-- PHOTO_LIST: the photos of a ticket of the firm, in the order in which they came
-- role: web
-- $1 ticket_id: the ticket
-- > photo_id, width, height, bytes, created_at
select p.id as photo_id, p.width, p.height, p.bytes, to_char(p.created_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as created_at
from photos p
where p.ticket_id = $1::uuid
order by p.created_at, p.place
