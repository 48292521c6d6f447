-- MESSAGE_TENANT: whose message a receipt speaks of, before any tenant is set; no row: nobody's
-- role: web
-- $1 message_id: our id, as it stood in the receipt's address
-- > customer_id
select t.customer_id from message_tenant($1::uuid) t
