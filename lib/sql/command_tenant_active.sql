-- COMMAND_TENANT_ACTIVE: a firm is served, or not
-- role: command
-- $1 slug: its slug
-- $2 active: true or false
-- $3 now: the instant
-- > slug; no row: no such firm
update customers set active = $2::boolean, updated_at = $3::timestamptz where slug = $1::text returning slug
