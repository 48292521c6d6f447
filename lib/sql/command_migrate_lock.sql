-- COMMAND_MIGRATE_LOCK: one migration at a time, until the connection ends
-- role: owner
-- > locked
select pg_try_advisory_lock(hashtextextended('opsfabric migrate', 0)) as locked
