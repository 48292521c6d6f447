-- COMMAND_DOMAIN_LIST: the domains on which active firms show their pages, by name, a page of them
-- role: command
-- $1 after: the last name of the page before, or NULL
-- $2 limit: how many at most, or NULL for all
-- > name, slug
select a.address as name, c.slug
from tenant_addresses a
join customers c on c.id = a.customer_id
where a.channel = 'domain' and c.active and a.address > coalesce($1::text, '')
order by a.address limit $2::int
