-- COMMAND_TICKET_SHOW: a ticket by the number that is spoken on the phone
-- role: command
-- $1 customer_id: of the firm
-- $2 number: of the ticket
-- > its columns
select t.number, t.id, t.status, t.urgency, t.source, t.intent, t.contact_name, t.contact_phone, t.contact_email, t.summary,
       t.metadata, t.unread, t.review_clicked,
       to_char(t.sla_due_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as sla_due_at,
       to_char(t.escalated_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as escalated_at,
       to_char(t.job_completed_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as job_completed_at,
       to_char(t.review_due_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as review_due_at,
       to_char(t.review_request_sent_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as review_request_sent_at,
       to_char(t.created_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as created_at,
       to_char(t.updated_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as updated_at
from tickets t
where t.customer_id = $1::uuid and t.number = $2::int
