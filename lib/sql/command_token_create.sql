-- COMMAND_TOKEN_CREATE: a token for a firm's own software
-- role: service
-- $1 id: made before
-- $2 slug: of the firm
-- $3 hash: of the token, which is not stored
-- $4 label: what it is for, or NULL
-- $5 now: the instant
-- > id; no row: no such firm
insert into tokens (id, customer_id, hash, scope, label, created_at)
select $1::uuid, c.id, $3::text, 'api', $4::text, $5::timestamptz
from customers c where c.slug = $2::text
returning id
