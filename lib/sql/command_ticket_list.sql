-- COMMAND_TICKET_LIST: tickets of a firm, newest first, a page of them
-- role: command
-- $1 customer_id: of the firm
-- $2 status: of that status only, or NULL
-- $3 after: the last number of the page before, or NULL
-- $4 limit: how many at most
-- > number, id, status, urgency, source, intent, contact_name, contact_phone, contact_email, unread, sla_due_at, created_at, updated_at
select t.number, t.id, t.status, t.urgency, t.source, t.intent, t.contact_name, t.contact_phone, t.contact_email, t.unread,
       to_char(t.sla_due_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as sla_due_at,
       to_char(t.created_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as created_at,
       to_char(t.updated_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as updated_at
from tickets t
where t.customer_id = $1::uuid and ($2::text is null or t.status = $2::text) and t.number < coalesce($3::int, 2147483647)
order by t.number desc limit $4::int
