-- COMMAND_DOCTOR_OUTBOX: the messages that should be on their way, and those of which nobody knows, by provider
-- role: service
-- $1 now: the instant
-- $2 overdue: what should have been sent before this instant is late
-- > provider, queued, overdue, unknown, oldest_s
select m.provider, count(*) filter (where m.status = 'queued') as queued,
       count(*) filter (where m.status = 'queued' and m.not_before < $2::timestamptz) as overdue,
       count(*) filter (where m.status = 'unknown') as unknown,
       coalesce(extract(epoch from $1::timestamptz - min(m.not_before) filter (where m.status = 'queued'))::bigint, 0) as oldest_s
from sms_log m
where m.status in ('queued', 'unknown')
group by m.provider order by m.provider
