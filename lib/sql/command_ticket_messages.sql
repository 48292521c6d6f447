-- COMMAND_TICKET_MESSAGES: the messages of a ticket, oldest first
-- role: command
-- $1 ticket_id: of the ticket
-- > id, created_at, direction, template, from_number, to_number, status, reason, error, body
select m.id, to_char(m.created_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as created_at, m.direction, m.template,
       m.from_number, m.to_number, m.status, m.reason, m.error,
       -- what the firm is told has the contact's number in it, and a link by which it is answered
       case when starts_with(m.template, 'alert') then regexp_replace(m.body, '\+\d{6,}|/a/\w{16}', '***', 'g') else m.body end as body
from sms_log m
where m.ticket_id = $1::uuid
order by m.id
