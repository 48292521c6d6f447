-- COMMAND_TENANT_SHOW: a firm by its slug: what is stored, and what holds where nothing is
-- role: command
-- $1 slug: its slug
-- > the columns of customers, each of those with a default also as effective_...
select c.id, c.slug, c.name, c.phone, c.email, c.sms_number, c.website_domain, c.google_review_link, c.timezone,
       to_char(c.quiet_hours_start, 'HH24:MI') as quiet_hours_start, to_char(c.quiet_hours_end, 'HH24:MI') as quiet_hours_end,
       c.sla_response_minutes, c.review_delay_hours, c.daily_segments, c.plan, c.config, c.modules, c.active,
       to_char(c.created_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as created_at,
       to_char(c.updated_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as updated_at,
       t.timezone as effective_timezone,
       to_char(t.quiet_hours_start, 'HH24:MI') as effective_quiet_hours_start,
       to_char(t.quiet_hours_end, 'HH24:MI') as effective_quiet_hours_end,
       t.sla_response_minutes as effective_sla_response_minutes, t.review_delay_hours as effective_review_delay_hours,
       t.daily_segments as effective_daily_segments, t.config as effective_config, t.modules as effective_modules
from customers c join tenants t on t.customer_id = c.id
where c.slug = $1::text
