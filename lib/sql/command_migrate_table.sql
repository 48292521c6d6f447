-- COMMAND_MIGRATE_TABLE: what was applied; made together with the first migration
-- role: owner
-- > nothing
create table public.schema_migrations (
  version    int primary key check (version > 0),
  name       text not null,
  checksum   text not null check (length(checksum) = 64),    -- SHA-256 of the text that was applied
  applied_at timestamptz not null
)
