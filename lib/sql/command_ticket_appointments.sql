-- COMMAND_TICKET_APPOINTMENTS: when somebody goes to the contact of a ticket, and when it was called off
-- role: command
-- $1 ticket_id: of the ticket
-- > starts_at, ends_at, who, cancelled_at
select to_char(p.starts_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as starts_at,
       to_char(p.ends_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as ends_at, p.who,
       to_char(p.cancelled_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as cancelled_at
from appointments p
where p.ticket_id = $1::uuid
order by p.starts_at, p.id
