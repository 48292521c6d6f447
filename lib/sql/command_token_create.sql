-- COMMAND_TOKEN_CREATE: a token for a firm's own software
-- role: command
-- $1 id: made before
-- $2 slug: of the firm
-- $3 hash: of the token, which is not stored
-- $4 label: what it is for, or NULL
-- $5 scope: api or webhook
-- $6 now: the instant
-- > id; no row: no such firm
with
run as (                                        -- did commit already: its answer was lost on the way
  select k.id from tokens k where k.id = $1::uuid and k.hash = $3::text),
added as (
  insert into tokens (id, customer_id, hash, scope, label, created_at)
  select $1::uuid, c.id, $3::text, $5::text, $4::text, $6::timestamptz
  from customers c where c.slug = $2::text and not exists (select from run)
  returning id)
select id from added union all select id from run
