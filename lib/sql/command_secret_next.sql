-- COMMAND_SECRET_NEXT: all credentials of the next firm that has any
-- role: command
-- $1 after: id of the last firm
-- > customer_id, slug, name, sealed
select s.customer_id, c.slug, s.name, s.sealed
from secrets s join customers c on c.id = s.customer_id
where s.customer_id = (select n.customer_id from secrets n where n.customer_id > $1::uuid order by n.customer_id limit 1)
order by s.name
