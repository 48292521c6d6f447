-- COMMAND_SECRET_SAVE: a credential of a firm, sealed before; there is one of each name
-- role: command
-- $1 id: made before
-- $2 customer_id: of the firm
-- $3 name: of the secret
-- $4 sealed: the box
-- $5 now: the instant
-- > name
insert into secrets as s (id, customer_id, name, sealed, created_at, updated_at)
values ($1::uuid, $2::uuid, $3::text, $4::bytea, $5::timestamptz, $5::timestamptz)
on conflict (customer_id, name) do update set sealed = excluded.sealed, updated_at = excluded.updated_at
returning s.name
