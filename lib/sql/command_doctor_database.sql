-- COMMAND_DOCTOR_DATABASE: what a connection sees of its server, as one JSON object: the owner's is read without a pipeline
-- role: any
-- > state
select json_build_object(
  'role', current_user,
  'version', current_setting('server_version'),
  'version_num', current_setting('server_version_num')::int,
  'now_us', (extract(epoch from clock_timestamp()) * 1000000)::bigint,
  'used', (select coalesce(sum(numbackends), 0) from pg_stat_database),
  'most', current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int,
  'synchronous_commit', current_setting('synchronous_commit'),
  'fsync', current_setting('fsync'),
  'full_page_writes', current_setting('full_page_writes'),
  'archive_command', current_setting('archive_command'),
  'standby', pg_is_in_recovery()) as state
