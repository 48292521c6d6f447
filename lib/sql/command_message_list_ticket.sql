-- COMMAND_MESSAGE_LIST_TICKET: messages of one ticket, newest first, a page of them
-- role: command
-- $1 ticket_id: of the ticket
-- $2 status: of that status only, or NULL
-- $3 after: the last id of the page before, or NULL
-- $4 limit: how many at most
-- > as COMMAND_MESSAGE_LIST, which would read all messages to find a ticket's
select m.id, to_char(m.created_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as created_at, c.slug as tenant,
       t.number as ticket, m.direction, m.channel, m.template, m.from_number, m.to_number, m.status, m.reason, m.error, m.segments,
       m.attempts, m.provider, m.provider_id,
       to_char(m.not_before at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as not_before,
       to_char(m.status_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as status_at, m.body
from sms_log m join customers c on c.id = m.customer_id join tickets t on t.id = m.ticket_id
where m.ticket_id = $1::uuid and ($2::text is null or m.status = $2::text) and ($3::uuid is null or m.id < $3::uuid)
order by m.id desc limit $4::int
