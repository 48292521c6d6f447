-- EVENT_IGNORED: keeps an event of a known tenant that leads to nothing, with its answer
-- role: web
-- $1 event_row: id of the inbound_events row
-- $2 provider: who sent the event
-- $3 event_id: the sender's id of the event
-- $4 fingerprint: hash of the body
-- $5 outcome: why it leads to nothing
-- $6 answer: JSON of what is answered
-- $7 raw: the request as it came, or NULL
-- $8 now: the instant of the request
-- > replay, same_body, answer
with
i as (
  select app_tenant() as tenant, $1::uuid as event_row, $2::text as provider, $3::text as event_id, $4::text as fingerprint,
         $5::text as outcome, $6::jsonb as answer, $7::text as raw, $8::timestamptz as now),
seen as (
  select e.fingerprint, e.answer from inbound_events e
  where e.customer_id = (select app_tenant()) and e.provider = $2::text and e.event_id = $3::text),
w_seen as (
  insert into inbound_events (id, customer_id, provider, event_id, fingerprint, verified, outcome, answer, raw, received_at)
  select i.event_row, i.tenant, i.provider, i.event_id, i.fingerprint, true, i.outcome, i.answer, i.raw, i.now
  from i
  where not exists (select from seen)
  returning answer)
select false as replay, true as same_body, answer from w_seen
union all
select true, seen.fingerprint = i.fingerprint, seen.answer from i, seen
  cross join lateral pg_logical_emit_message(true, 'opsfabric', 'replay ' || seen.fingerprint)       -- waits for a standby as the first one did
