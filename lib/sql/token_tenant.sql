-- TOKEN_TENANT: whose token this is, before any tenant is set; no row: nobody's, or revoked
-- role: web
-- $1 hash: hash of the token
-- $2 now: the instant of the request, noted as its last use
-- > customer_id, slug, scope, token_id
select t.customer_id, t.slug, t.scope, t.token_id from token_tenant($1::text, $2::timestamptz) t
