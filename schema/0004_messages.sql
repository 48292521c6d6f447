-- 0004_messages - the outbox and the inbox (sms_log, whatever the channel), what they cost, and who was alerted

create table sms_log (
  id            uuid primary key,
  customer_id   uuid not null references customers,
  contact_id    uuid,
  ticket_id     uuid,
  direction     text not null check (direction in ('outbound', 'inbound')),
  channel       text not null default 'sms' check (channel in ('sms', 'whatsapp', 'email')),
  template      text check (template ~ '^[a-z0-9_]{1,60}$'),
  from_number   text check (length(from_number) <= 254),
  to_number     text check (length(to_number) <= 254),
  body          text not null check (length(body) <= 20000),
  segments      int check (segments between 0 and 1000),
  status        text not null check (status in ('queued', 'sending', 'sent', 'delivered', 'failed', 'unknown',
                                                'expired', 'suppressed', 'received')),
  reason        text check (length(reason) <= 60),      -- why suppressed
  provider      text check (length(provider) <= 40),    -- who carries it, fixed when the row is written: claims are per provider
  provider_id   text check (length(provider_id) <= 200),
  error         text check (length(error) <= 1000),
  not_before    timestamptz,
  expires_at    timestamptz,
  attempts      int not null default 0,
  claimed_by    uuid,                                   -- one per dispatcher process, new at every start
  claimed_until timestamptz,
  status_at     timestamptz not null,
  created_at    timestamptz not null,
  unique (id, customer_id),
  foreign key (ticket_id, customer_id) references tickets (id, customer_id),
  foreign key (contact_id, customer_id) references contacts (id, customer_id),
  check ((direction = 'inbound') = (status = 'received')),
  check (direction = 'inbound' or status = 'suppressed'
         or (provider is not null and to_number is not null and not_before is not null and expires_at is not null)),
  check (status <> 'sending' or (claimed_by is not null and claimed_until is not null)),
  check (status <> 'suppressed' or reason is not null),
  check (direction = 'inbound' or channel <> 'sms' or to_number ~ '^\+[1-9][0-9]{6,14}$')
) with (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_insert_scale_factor = 0.1);
create index sms_log_due on sms_log (provider, not_before) where status = 'queued';
create index sms_log_expiry on sms_log (expires_at) where status = 'queued';
create index sms_log_lease on sms_log (claimed_until) where status = 'sending';
create index sms_log_unknown on sms_log (provider, status_at) where status = 'unknown';
create index sms_log_contact on sms_log (contact_id, created_at);
create index sms_log_ticket on sms_log (ticket_id);
create index sms_log_receipt on sms_log (customer_id, provider, provider_id) where provider_id is not null;   -- not unique: theirs, not ours
select protect('sms_log', 'customer_id');

-- Written by dispatchers, read by requests: a counter row in the request would serialise a tenant.
create table segment_usage (
  customer_id uuid not null references customers on delete cascade,
  day         date not null,                            -- in the tenant's zone
  segments    int not null check (segments >= 0),
  primary key (customer_id, day)
);
select protect('segment_usage', 'customer_id');

create table alerts (
  id          uuid primary key,
  customer_id uuid not null references customers,
  ticket_id   uuid,
  message_id  uuid,
  kind        text not null check (kind ~ '^[a-z_]{1,40}$'),
  told        text not null check (length(told) <= 254),
  told_at     timestamptz not null,
  answered_by text check (length(answered_by) <= 120),
  answered_at timestamptz,
  foreign key (ticket_id, customer_id) references tickets (id, customer_id),
  foreign key (message_id, customer_id) references sms_log (id, customer_id)
);
create index alerts_ticket on alerts (ticket_id);
create index alerts_message on alerts (message_id);
select protect('alerts', 'customer_id');

-- Whose message a provider's receipt speaks of; our id is in the address it calls.
create function message_tenant(wanted uuid) returns table (customer_id uuid)
  language sql stable security definer set search_path = pg_catalog, pg_temp
begin atomic
  select m.customer_id from sms_log m where m.id = wanted;
end;

grant select, insert, update on sms_log to opsfabric_web;
grant select on segment_usage to opsfabric_web;
grant select, insert, update (answered_by, answered_at) on alerts to opsfabric_web;
grant select, insert, update on sms_log, alerts to opsfabric_service;
grant select, insert, update, delete on segment_usage to opsfabric_service;
grant execute on function message_tenant(uuid) to opsfabric_web, opsfabric_service;

select close_to_strangers();
