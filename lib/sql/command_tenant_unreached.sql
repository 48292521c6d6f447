-- COMMAND_TENANT_UNREACHED: numbers, mailbox and domain of a firm that do not lead to it, as no row of tenant_addresses says so
-- role: command
-- $1 id: of the firm
-- > field, address
select v.field, v.address
from customers c
  cross join lateral (values ('phone', 'phone', c.phone), ('sms_number', 'sms', c.sms_number), ('email', 'email', c.email),
                             ('website_domain', 'domain', c.website_domain)) v (field, channel, address)
where c.id = $1::uuid and v.address is not null
  and not exists (select from tenant_addresses a where a.customer_id = c.id and a.channel = v.channel and a.address = v.address)
order by v.field
