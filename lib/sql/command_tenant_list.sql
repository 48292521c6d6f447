-- COMMAND_TENANT_LIST: the firms by slug, a page of them
-- role: command
-- $1 after: the last slug of the page before, or NULL
-- $2 limit: how many at most
-- > slug, name, phone, sms_number, plan, timezone, active, created_at
select c.slug, c.name, c.phone, c.sms_number, c.plan, t.timezone, c.active,
       to_char(c.created_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as created_at
from customers c join tenants t on t.customer_id = c.id
where c.slug > coalesce($1::text, '')
order by c.slug limit $2::int
