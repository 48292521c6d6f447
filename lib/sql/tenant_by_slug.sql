-- TENANT_BY_SLUG: the tenant of a path, before any tenant is set; no row: no such tenant
-- role: web
-- $1 slug: its slug
-- > customer_id, name, slug, phone, email, sms_number, website_domain, google_review_link, timezone, quiet_hours_start, quiet_hours_end, sla_response_minutes, review_delay_hours, config, modules, active
select t.customer_id, t.name, t.slug, t.phone, t.email, t.sms_number, t.website_domain, t.google_review_link, t.timezone,
       t.quiet_hours_start, t.quiet_hours_end, t.sla_response_minutes, t.review_delay_hours, t.config, t.modules, t.active
from tenant_by_slug($1::text) t
