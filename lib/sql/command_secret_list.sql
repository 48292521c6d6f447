-- COMMAND_SECRET_LIST: which credentials a firm has; not what they are
-- role: command
-- $1 customer_id: of the firm
-- > name, created_at, updated_at
select s.name, to_char(s.created_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as created_at,
       to_char(s.updated_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as updated_at
from secrets s where s.customer_id = $1::uuid order by s.name
