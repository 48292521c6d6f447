-- COMMAND_DOMAIN_LIST: the domains on which active firms show their pages
-- role: command
-- > name, slug
select a.address as name, c.slug
from tenant_addresses a
join customers c on c.id = a.customer_id
where a.channel = 'domain' and c.active
order by a.address
