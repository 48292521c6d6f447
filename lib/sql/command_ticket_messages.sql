-- COMMAND_TICKET_MESSAGES: the messages of a ticket, oldest first
-- role: command
-- $1 ticket_id: of the ticket
-- > id, created_at, direction, template, from_number, to_number, status, reason, error, body
select m.id, to_char(m.created_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as created_at, m.direction, m.template,
       m.from_number, m.to_number, m.status, m.reason, m.error, m.body
from sms_log m
where m.ticket_id = $1::uuid
order by m.id
