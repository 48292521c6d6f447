-- HEALTH: the database answers; its clock and its schema
-- role: any
-- > now, schema_version
select now() as now, (select max(version) from schema_migrations) as schema_version
