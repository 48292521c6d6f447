-- COMMAND_INBOUND_CLAIM: somebody releases an event: nobody discards it any more
-- role: command
-- $1 id: of the event
-- > settled (before), raw, fingerprint, answer; no row: no such event
with
i as (
  select e.id, e.settled, e.raw, e.fingerprint, e.answer from inbound_events e
  where e.id = $1::uuid and e.customer_id is null and e.outcome not in ('parked', 'matched')
  for no key update of e),
w as (
  update inbound_events e set settled = 'releasing' from i where e.id = i.id and i.settled is null)
select i.settled, i.raw, i.fingerprint, i.answer from i
