-- EVENT_UNMATCHED: keeps an event that belongs to no tenant, or that could not be verified while there is room for it; no tenant may be set; a repeated one changes nothing
-- role: web
-- $1 event_row: id of the inbound_events row
-- $2 provider: who sent the event
-- $3 event_id: the sender's id of the event; a hash of the body where it is not verified, or a forger takes the id of a real one
-- $4 fingerprint: hash of the body
-- $5 verified: true: known sender, unknown tenant; false: quarantine
-- $6 outcome: why it is here (unmatched, unverified, ...)
-- $7 answer: JSON of what was answered, or NULL
-- $8 raw: the request as it came
-- $9 now: the instant of the request
-- > nothing
insert into inbound_events (id, customer_id, provider, event_id, fingerprint, verified, outcome, answer, raw, received_at)
select $1::uuid, null, $2::text, $3::text, $4::text, $5::boolean, $6::text, $7::jsonb, $8::text, $9::timestamptz
where $5::boolean or quarantine_has_room($9::timestamptz)
on conflict do nothing                          -- a target or RETURNING would have to read the row
