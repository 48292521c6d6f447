-- COMMAND_CONTACT_PHOTOS: the photos of a contact's tickets
-- role: command
-- $1 contact_id: of the contact
-- > its columns
select p.id, p.customer_id
from photos p join tickets t on t.id = p.ticket_id
where t.contact_id = $1::uuid
order by p.id
