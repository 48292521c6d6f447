-- COMMAND_DOCTOR_SCHEMA: the version of the schema, and how many firms there are
-- role: service
-- > version, firms, active
select (select max(version) from schema_migrations) as version, count(*) as firms, count(*) filter (where active) as active
from customers
