-- HEARTBEAT_AGES: how long ago each job of the timers last succeeded, anywhere
-- role: any
-- $1 now: the instant
-- > job, age_s
select job, greatest(extract(epoch from $1::timestamptz - max(last_success_at))::bigint, 0) as age_s
from heartbeats group by job order by job
