-- COMMAND_INBOUND_DISCARD: an event leads to nothing, and what was kept of it goes; one, or all that were not believed before an instant
-- role: command
-- $1 id: of the event; NULL: all
-- $2 before: they came before it
-- $3 now: the instant
-- > id, settled (before)
with
i as (
  select e.id, e.settled from inbound_events e
  where e.customer_id is null and e.outcome not in ('parked', 'matched')
    and (e.id = $1::uuid or $1::uuid is null and not e.verified and e.settled is null and e.received_at < $2::timestamptz)
  for no key update of e),
w as (
  update inbound_events e set settled = 'discarded', released_at = $3::timestamptz, raw = null from i where e.id = i.id and i.settled is null)
select i.id, i.settled from i
