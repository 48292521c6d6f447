-- COMMAND_TOKEN_LIST: the tokens of a firm, newest first, a page of them
-- role: command
-- $1 customer_id: of the firm
-- $2 after: the last id of the page before, or NULL
-- $3 limit: how many at most
-- > id, name, scope, created_at, last_used_at, revoked_at
select k.id, k.label as name, k.scope,
       to_char(k.created_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as created_at,
       to_char(k.last_used_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as last_used_at,
       to_char(k.revoked_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as revoked_at
from tokens k
where k.customer_id = $1::uuid and ($2::uuid is null or k.id < $2::uuid)
order by k.id desc limit $3::int
