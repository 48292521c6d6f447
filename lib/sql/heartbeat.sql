-- HEARTBEAT: a job of the timers did its work on this host
-- role: service
-- $1 job: its name, as doctor knows it
-- $2 host: where it ran
-- $3 now: the instant of the run
-- > nothing
insert into heartbeats (job, host, last_success_at) values ($1::text, $2::text, $3::timestamptz)
on conflict (job, host) do update set last_success_at = greatest(heartbeats.last_success_at, excluded.last_success_at)
