-- RECEIPT_TENANT: whose message a receipt speaks of, before any tenant is set; no row: nobody's
-- role: web
-- $1 message_id: ours, or NULL
-- $2 provider: whose receipt it is
-- $3 provider_id: theirs; looked at where there is none of ours
-- > customer_id
select t.customer_id from message_tenant($1::uuid) t
union all
select t.customer_id from receipt_tenant($2::text, $3::text) t where $1::uuid is null
