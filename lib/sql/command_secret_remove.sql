-- COMMAND_SECRET_REMOVE: a firm has this credential no more
-- role: command
-- $1 customer_id: of the firm
-- $2 name: of the secret
-- > name; no row: it had none
delete from secrets s where s.customer_id = $1::uuid and s.name = $2::text returning s.name
