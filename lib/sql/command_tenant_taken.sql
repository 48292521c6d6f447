-- COMMAND_TENANT_TAKEN: which settings of a firm, of those that only one may have, another has already
-- role: command
-- $1 id: of the firm, which may be a new one
-- $2 slug: its slug
-- $3 phone: or NULL
-- $4 sms_number: or NULL
-- $5 email: or NULL
-- $6 website_domain: or NULL
-- $7 config: or NULL; an answer to another firm's number goes to that firm, and an alert to one that takes texts is read by nobody
-- > field, address, by
with v (field, channels, address) as (
  values ('slug', null, $2::text), ('phone', '{phone,sms}'::text[], $3::text), ('sms_number', '{phone,sms}', $4::text),
         ('email', '{email}', $5::text), ('website_domain', '{domain}', $6::text),
         ('config/sms/sender', '{phone,sms}', $7::jsonb #>> '{sms,sender}')
  union all
  select format('config/on_call/%s/phone', o.n - 1), '{sms}', o.person ->> 'phone'
  from jsonb_array_elements(case when jsonb_typeof($7::jsonb -> 'on_call') = 'array' then $7::jsonb -> 'on_call' end) with ordinality o (person, n))
select v.field, v.address, c.slug as by
from v
  join customers c on c.id <> $1::uuid
    and (c.slug = v.address and v.channels is null
         or exists (select from tenant_addresses a where a.customer_id = c.id and a.address = v.address and a.channel = any (v.channels)))
order by v.field
