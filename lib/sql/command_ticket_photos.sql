-- COMMAND_TICKET_PHOTOS: the photos of a ticket
-- role: command
-- $1 ticket_id: of the ticket
-- > created_at, width, height, bytes, id
select to_char(p.created_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as created_at, p.width, p.height, p.bytes, p.id
from photos p
where p.ticket_id = $1::uuid
order by p.created_at, p.place
