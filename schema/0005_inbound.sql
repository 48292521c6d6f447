-- 0005_inbound - every event that reached us, once, with the answer it got; and what could not be matched

create table inbound_events (
  id          uuid primary key,
  customer_id uuid references customers on delete cascade,   -- null: not matched to a tenant, or not verified
  provider    text not null check (length(provider) between 1 and 40),
  event_id    text not null check (length(event_id) between 1 and 300),   -- the sender's id, or a hash of what identifies the event
  fingerprint text not null check (length(fingerprint) <= 128),   -- hash of the body: same key with another body is a client's mistake
  verified    boolean not null,
  outcome     text check (length(outcome) <= 60),
  answer      jsonb,                                         -- what was answered the first time
  raw         text check (length(raw) <= 1000000),
  received_at timestamptz not null,
  released_at timestamptz,
  -- a forged event kept under a tenant would pass for the real one's first delivery
  check (verified or customer_id is null)
);
-- Per tenant: a global key would let one tenant swallow another's events.
create unique index inbound_events_once on inbound_events (customer_id, provider, event_id) nulls not distinct;
-- Rows arrive in order of time, and only the daily job asks by time.
create index inbound_events_received on inbound_events using brin (received_at);
create index inbound_events_quarantine on inbound_events (received_at) where customer_id is null;
select protect('inbound_events', 'customer_id');
create policy unmatched on inbound_events for insert to opsfabric_web with check (customer_id is null and app_tenant() is null);

grant select, insert, update (id, fingerprint, outcome, answer, raw, received_at) on inbound_events to opsfabric_web;
grant select, insert, update, delete on inbound_events to opsfabric_service;

select close_to_strangers();
