-- COMMAND_DOCTOR_INBOUND: the reports that wait for an operator
-- role: service
-- $1 now: the instant
-- > unverified, unmatched, has_room
select count(*) filter (where not e.verified) as unverified, count(*) filter (where e.verified) as unmatched,
       quarantine_has_room($1::timestamptz) as has_room
from inbound_events e
where e.customer_id is null and e.settled is null and e.outcome not in ('parked', 'matched')
