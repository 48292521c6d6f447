-- COMMAND_DOCTOR_TIMERS: when each job last succeeded, anywhere
-- role: service
-- $1 now: the instant
-- > job, age_s
select job, greatest(extract(epoch from $1::timestamptz - max(last_success_at))::bigint, 0) as age_s
from heartbeats group by job order by job
