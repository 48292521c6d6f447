-- COMMAND_MIGRATE_RECORD: goes behind each migration, in its transaction; the braces are filled in by lib/migrate.c
-- role: owner
-- > nothing
insert into public.schema_migrations (version, name, checksum, applied_at)
values ({{version}}, '{{name}}', '{{checksum}}', clock_timestamp())
