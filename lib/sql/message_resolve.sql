-- MESSAGE_RESOLVE: the provider was asked about an unknown message, or a person decided
-- role: service
-- $1 id: of the message
-- $2 attempt: the attempt that was asked about
-- $3 verdict: sent, delivered, failed, or absent: the provider never had it
-- $4 provider_id: or NULL
-- $5 now: the instant
-- > status
update sms_log m
set status = case when $3::text <> 'absent' then $3::text when m.expires_at > $5::timestamptz then 'queued' else 'expired' end,
    provider_id = coalesce(m.provider_id, $4::text), status_at = $5::timestamptz
where m.id = $1::uuid and m.attempts = $2::int and (m.status = 'unknown') is true
returning m.status
