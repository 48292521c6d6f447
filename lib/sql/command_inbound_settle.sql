-- COMMAND_INBOUND_SETTLE: what became of a release
-- role: command
-- $1 id: of the event
-- $2 answer: what was decided; NULL: it could not be taken, and waits again
-- $3 now: the instant
-- > nothing
update inbound_events e
set settled = case when $2::jsonb is not null then 'released' end, answer = $2::jsonb,
    released_at = case when $2::jsonb is not null then $3::timestamptz end
where e.id = $1::uuid and e.customer_id is null and coalesce(e.settled, 'releasing') = 'releasing'
