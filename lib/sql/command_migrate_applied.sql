-- COMMAND_MIGRATE_APPLIED: what was applied, a line each: version, checksum, instant, name
-- role: owner
-- > applied
select string_agg(format('%s %s %s %s', version, checksum,
                         to_char(applied_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'), name), e'\n' order by version) as applied
from public.schema_migrations
