-- COMMAND_INBOUND_SHOW: one of them, with all that is kept of it
-- role: command
-- $1 id: of the event
-- > id, received_at, kind, dialect, why, verified, client, user_agent, method, signed, provider, event_id, settled, settled_at, answer, fields, begins
select e.id, to_char(e.received_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as received_at, r.request ->> 'kind' as kind,
       coalesce(r.request ->> 'dialect', e.provider) as dialect, e.outcome as why, e.verified, r.request ->> 'client' as client,
       r.request ->> 'user_agent' as user_agent, r.request ->> 'method' as method, r.request ->> 'signed' as signed, e.provider, e.event_id,
       e.settled, to_char(e.released_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as settled_at, e.answer,
       r.request -> 'fields' as fields, r.request ->> 'begins' as begins
from inbound_events e, lateral (select e.raw::jsonb as request) r
where e.id = $1::uuid and e.customer_id is null and e.outcome not in ('parked', 'matched')
