-- REVIEW_TENANTS: the next tenants with finished tickets that are due to be asked for a review, with what decides about it
-- role: service
-- $1 now: the instant of the run
-- $2 after: id of the last tenant that was read; they come in the order of their ids
-- $3 most: how many at most
-- > customer_id, name, slug, phone, email, sms_number, website_domain, google_review_link, timezone, quiet_hours_start, quiet_hours_end, sla_response_minutes, review_delay_hours, config, modules, active
with due as materialized (
  select k.customer_id from tickets k where k.review_due_at <= $1::timestamptz)
select t.customer_id, t.name, t.slug, t.phone, t.email, t.sms_number, t.website_domain, t.google_review_link, t.timezone,
       t.quiet_hours_start, t.quiet_hours_end, t.sla_response_minutes, t.review_delay_hours, t.config, t.modules, t.active
from tenants t
where t.customer_id = any (array(select distinct d.customer_id from due d where d.customer_id > $2::uuid order by 1 limit $3::int))
order by t.customer_id
