-- RECEIPT_PARK: keeps a receipt whose firm is not known: for whoever stores the id it names; no tenant may be set; after RECEIPT_LOCK
-- role: web
-- $1 event_row: id of the inbound_events row
-- $2 provider: whose receipt it is
-- $3 provider_id: theirs
-- $4 said: sent, delivered or failed
-- $5 error: why it failed, or NULL
-- $6 fingerprint: hash of the request
-- $7 raw: the request as it came
-- $8 now: the instant of the request
-- > nothing
insert into inbound_events (id, customer_id, provider, event_id, fingerprint, verified, outcome, answer, raw, received_at)
select $1::uuid, null, $2::text || '_receipt', $4::text || ' ' || $3::text, $6::text, true, 'parked', jsonb_build_object('error', $5::text), $7::text,
       $8::timestamptz
where not exists (select from receipt_tenant($2::text, $3::text))
on conflict do nothing                          -- a target or RETURNING would have to read the row
