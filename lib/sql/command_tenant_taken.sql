-- COMMAND_TENANT_TAKEN: which settings of a firm, of those that only one may have, another has already
-- role: command
-- $1 id: of the firm, which may be a new one
-- $2 slug: its slug
-- $3 phone: or NULL
-- $4 sms_number: or NULL
-- $5 email: or NULL
-- $6 website_domain: or NULL
-- > field, address, by
select v.field, v.address, c.slug as by
from (values ('slug', null, $2::text), ('phone', '{phone,sms}'::text[], $3::text), ('sms_number', '{phone,sms}', $4::text),
             ('email', '{email}', $5::text), ('website_domain', '{domain}', $6::text)) v (field, channels, address)
  join customers c on c.id <> $1::uuid
    and (c.slug = v.address and v.channels is null
         or exists (select from tenant_addresses a where a.customer_id = c.id and a.address = v.address and a.channel = any (v.channels)))
order by v.field
