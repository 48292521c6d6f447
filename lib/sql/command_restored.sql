-- COMMAND_RESTORED: an operator says that this database was restored
-- role: command
-- $1 fresh: the epoch it gets
-- $2 now: the instant
-- > unknown
select messages_restored((select epoch from installation), $1::uuid, $2::timestamptz) as unknown
