-- COMMAND_SECRET_RESEAL: credentials of a firm under another key; one that was set anew meanwhile stays as it is
-- role: command
-- $1 customer_id: of the firm
-- $2 boxes: [{"name", "old", "sealed"}, ...]
-- $3 now: the instant
-- > name
update secrets s set sealed = b.sealed::bytea, updated_at = $3::timestamptz
from jsonb_to_recordset($2::jsonb) b (name text, old text, sealed text)
where s.customer_id = $1::uuid and s.name = b.name and s.sealed = b.old::bytea
returning s.name
