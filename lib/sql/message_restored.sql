-- MESSAGE_RESTORED: this database was restored or copied: what waits in it, or was on its way, becomes unknown
-- role: service
-- $1 seen: the epoch it has
-- $2 fresh: the one it gets
-- $3 now: the instant
-- > unknown
select messages_restored($1::uuid, $2::uuid, $3::timestamptz) as unknown
