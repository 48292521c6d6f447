-- COMMAND_MIGRATE_GROUND: what a migration would stand on, as "word rest": why it must not run, or whether our table is there
-- role: owner
-- > ground
select case
  when current_user <> 'opsfabric_owner' then 'role ' || current_user
  when to_regrole('opsfabric_web') is null or to_regrole('opsfabric_service') is null then 'roles -'
  when to_regclass('public.schema_migrations') is null then 'empty -'
  when (select array_agg(attname::text order by attname) from pg_attribute
        where attrelid = to_regclass('public.schema_migrations') and attnum > 0 and not attisdropped)
    <> '{applied_at,checksum,name,version}' then 'foreign -'
  else 'ours -' end as ground
