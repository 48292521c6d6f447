-- COMMAND_INBOUND_LIST: what is nobody's or was not believed, newest first, a page of it
-- role: command
-- $1 why: for that reason only, or NULL
-- $2 settled: also what was released or discarded?
-- $3 after: the last id of the page before, or NULL
-- $4 limit: how many at most
-- > id, received_at, kind, dialect, why, verified, client, settled
select e.id, to_char(e.received_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as received_at, r.request ->> 'kind' as kind,
       coalesce(r.request ->> 'dialect', e.provider) as dialect, e.outcome as why, e.verified, r.request ->> 'client' as client, e.settled
from inbound_events e, lateral (select e.raw::jsonb as request) r
where e.customer_id is null and e.outcome not in ('parked', 'matched')      -- those wait for their message, and need nobody
  and ($1::text is null or e.outcome = $1::text) and ($2::boolean or e.settled is null)
  and e.id < coalesce($3::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
order by e.id desc limit $4::int
