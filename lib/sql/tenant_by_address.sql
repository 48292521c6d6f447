-- TENANT_BY_ADDRESS: the tenant that is reached by an address, before any tenant is set; no row: nobody is
-- role: web
-- $1 channel: call (a number that rings), phone, sms, email, domain or whatsapp
-- $2 address: the normal form: E.164, lower case
-- > customer_id, name, slug, phone, email, sms_number, website_domain, google_review_link, timezone, quiet_hours_start, quiet_hours_end, sla_response_minutes, review_delay_hours, config, modules, active
select t.customer_id, t.name, t.slug, t.phone, t.email, t.sms_number, t.website_domain, t.google_review_link, t.timezone,
       t.quiet_hours_start, t.quiet_hours_end, t.sla_response_minutes, t.review_delay_hours, t.config, t.modules, t.active
from tenant_by_address($1::text, $2::text) t
