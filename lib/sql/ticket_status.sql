-- TICKET_STATUS: the status of a ticket, for who does not say which one was seen
-- role: web
-- $1 ticket_id: the ticket
-- > status
select status from tickets where id = $1::uuid
