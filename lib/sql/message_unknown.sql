-- MESSAGE_UNKNOWN: messages whose fate the provider can be asked about
-- role: service
-- $1 provider: whose
-- $2 before: unknown since before this instant: lease, time-out and the provider's own delay are over
-- $3 most: how many at most
-- > id, attempts, customer_id, to_number, provider_id, status_at
select m.id, m.attempts, m.customer_id, m.to_number, m.provider_id, m.status_at
from sms_log m
where m.status = 'unknown' and m.provider = $1::text and m.status_at < $2::timestamptz
order by m.status_at limit $3::int
