-- COMMAND_CONTACT_NAMED: does what waits in the spool tell of a contact? Not if it is for another firm, whose number it names
-- role: command
-- $1 contact_id: of the contact
-- $2 said: the request's query and body
-- > named
select names_person($2::text, telling_digits(c.phone), c.email)
   and (not exists (select from tenant_addresses a
                    where a.customer_id <> c.customer_id and a.channel in ('phone', 'sms') and names_person($2::text, right(a.address, 9), null))
        or exists (select from tenant_addresses a
                   where a.customer_id = c.customer_id and a.channel in ('phone', 'sms') and names_person($2::text, right(a.address, 9), null))) as named
from contacts c
where c.id = $1::uuid
