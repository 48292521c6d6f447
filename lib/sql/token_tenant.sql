-- TOKEN_TENANT: whose token this is, before any tenant is set; no row: nobody's, or revoked
-- role: web
-- $1 hash: hash of the token
-- > customer_id, slug, scope, token_id
select t.customer_id, t.slug, t.scope, t.token_id from token_tenant($1::text) t
