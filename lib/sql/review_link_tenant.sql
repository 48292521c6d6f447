-- REVIEW_LINK_TENANT: whose review link this is, before any tenant is set; no row: nobody's
-- role: web
-- $1 code: the code of the link
-- > customer_id
select t.customer_id from review_link_tenant($1::text) t
