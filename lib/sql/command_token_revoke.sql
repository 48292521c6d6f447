-- COMMAND_TOKEN_REVOKE: a token lets nobody in any more; once revoked it stays so
-- role: command
-- $1 id: of the token
-- $2 now: the instant
-- > revoked_at, slug; no row: no such token
update tokens k set revoked_at = coalesce(k.revoked_at, $2::timestamptz)
from customers c
where k.id = $1::uuid and c.id = k.customer_id
returning to_char(k.revoked_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as revoked_at, c.slug
