-- ESCALATE_DUE: alerts whose next one is to be told, and tickets whose promise is broken, with what is said about them
-- role: service
-- $1 now: the instant of the run
-- $2 most: how many of each at most
-- > prior, first_id, step, kind, ticket_id, is_late, number, contact_name, contact_phone, phone_kind, summary, customer_id, name, slug, phone, email, sms_number, website_domain, google_review_link, timezone, quiet_hours_start, quiet_hours_end, sla_response_minutes, review_delay_hours, config, modules, active
with
due as materialized (
  (select a.id as prior, a.first_id, a.step, a.kind, a.ticket_id, a.customer_id, false as is_late
   from alerts a where a.next_at <= $1::timestamptz order by a.next_at limit $2::int)
  union all
  (select null, null, null, null, t.id, t.customer_id, t.sla_due_at <= $1::timestamptz - interval '24 hours'
   from tickets t
   where t.sla_due_at <= $1::timestamptz and t.escalated_at is null
     and (t.status in ('NEW', 'NEEDS_CALLBACK') or t.status = 'DONE' and t.unread)
   order by t.sla_due_at limit $2::int))
select d.prior, d.first_id, d.step, d.kind, d.ticket_id, d.is_late, t.number, t.contact_name, t.contact_phone, c.phone_kind, t.summary,
       f.customer_id, f.name, f.slug, f.phone, f.email, f.sms_number, f.website_domain, f.google_review_link, f.timezone,
       f.quiet_hours_start, f.quiet_hours_end, f.sla_response_minutes, f.review_delay_hours, f.config, f.modules, f.active
from due d
  cross join lateral (select k.* from tickets k where k.id = d.ticket_id offset 0) t
  cross join lateral (select n.* from tenants n where n.customer_id = d.customer_id offset 0) f
  left join lateral (select o.phone_kind from contacts o where o.id = t.contact_id offset 0) c on true
order by f.customer_id
