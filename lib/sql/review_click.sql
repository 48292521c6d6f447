-- REVIEW_CLICK: somebody follows a review link; the first time is noted, every time leads to the review; after REVIEW_CLICK_LOCK
-- role: web
-- $1 code: the code of the link
-- $2 counts: false for HEAD and for robots that look at links: nothing is noted
-- $3 now: the instant of the request
-- $4 event_id: id of the event
-- > ticket_id, google_review_link, slug, counted
with
i as (
  select app_tenant() as tenant, $1::text as code, $2::boolean as counts, $3::timestamptz as now, $4::uuid as event_id),
l as (
  select l.code, l.ticket_id from review_links l where l.code = $1::text),
w_link as (
  update review_links l set clicked_at = i.now from i
  where l.code = $1::text and l.clicked_at is null and i.counts
  returning l.ticket_id),
w_ticket as (
  update tickets t set review_clicked = true, updated_at = i.now from i where t.id = (select ticket_id from w_link)),
w_event as (
  insert into ticket_events (id, customer_id, ticket_id, event_type, created_at)
  select i.event_id, i.tenant, w_link.ticket_id, 'review_clicked', i.now from i, w_link)
select l.ticket_id, c.google_review_link, c.slug, exists (select from w_link) or exists (select from ticket_events e where e.id = $4::uuid) as counted
from l, customers c
where c.id = (select app_tenant())
