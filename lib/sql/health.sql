-- HEALTH: the database answers; its schema, and how long it has had that
-- role: any
-- $1 now: the instant
-- > schema_version, schema_age_s
select max(version) as schema_version,
       greatest(extract(epoch from $1::timestamptz - max(applied_at))::bigint, 0) as schema_age_s
from schema_migrations
