-- MESSAGE_UNCLAIM: after a lost connection: what was claimed but never handed to a transfer goes back
-- role: service
-- $1 claimed_by: this dispatcher
-- $2 started: ids of the messages it did begin to send, as an array
-- $3 now: the instant
-- > id
update sms_log m
set status = 'queued', claimed_by = null, claimed_until = null, status_at = $3::timestamptz
where m.status = 'sending' and m.claimed_by = $1::uuid and m.id <> all (coalesce($2::uuid[], '{}'))
returning m.id
