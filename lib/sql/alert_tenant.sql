-- ALERT_TENANT: whose alert a link answers, before any tenant is set; no row: nobody's
-- role: web
-- $1 code_hash: SHA-256 of the code of the link
-- > slug
select t.slug from alert_tenant($1::text) t
