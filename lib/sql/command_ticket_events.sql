-- COMMAND_TICKET_EVENTS: the whole history of a ticket, in its order
-- role: command
-- $1 ticket_id: of the ticket
-- > seq, created_at, event_type, old_value, new_value, metadata
select e.seq, to_char(e.created_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as created_at, e.event_type, e.old_value,
       e.new_value, e.metadata
from ticket_events e
where e.ticket_id = $1::uuid
order by e.seq
