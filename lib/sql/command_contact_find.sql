-- COMMAND_CONTACT_FIND: a firm's contacts by number, by any address they gave, or by id
-- role: command
-- $1 customer_id: of the firm
-- $2 phone: E.164, or NULL
-- $3 email: lower case, or NULL
-- $4 contact_id: or NULL
-- > its columns
select c.id, c.phone, c.email, c.name
from contacts c
where c.customer_id = $1::uuid and c.erased_at is null
  and (c.id = $4::uuid or c.phone = $2::text or c.email = $3::text
       or c.id in (select t.contact_id from tickets t where t.customer_id = $1::uuid and t.contact_email = $3::text))
order by c.id
limit 20
