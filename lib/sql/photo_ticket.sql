-- PHOTO_TICKET: to which firm's ticket a photo would be added, before any tenant is set; no row: none that is served
-- role: web
-- $1 ticket_id: the ticket
-- > customer_id, slug, status, created_at, language
select t.customer_id, t.slug, t.status, extract(epoch from t.created_at)::bigint as created_at, t.language
from photo_ticket($1::uuid) t
