-- 0003_tickets - who calls or writes, what has to be done for them, and the history of it
--
-- Of two indexes that would do, the planner takes the newer one while the table is small: the more particular one comes later.

create table contacts (
  id                   uuid primary key,
  customer_id          uuid not null references customers,
  phone                e164,
  phone_kind           text check (phone_kind ~ '^[a-z_]{1,30}$'),   -- 'mobile' may get automatic SMS, no other kind may
  email                mail_address,
  channel_id           text check (length(channel_id) between 1 and 120),  -- where a channel knows people by neither
  name                 text check (length(name) <= 200),
  language             language_code,
  opted_out_at         timestamptz,
  last_review_at       timestamptz,
  prior_review_at      timestamptz,                         -- what last_review_at falls back to when a request is withdrawn
  auto_sent_at         timestamptz[] not null default '{}',   -- when they leave, newest first, at most 4: the loop guard
  stop_told_at         timestamptz,                         -- STOP is confirmed past the guard, but once a day
  missed_text_at       timestamptz,                         -- the 15-minute window
  missed_suppressed_at timestamptz,                         -- the same for those who get no text
  erased_at            timestamptz,
  created_at           timestamptz not null,
  seen_at              timestamptz not null,
  unique (id, customer_id),
  check (coalesce(phone, email, channel_id) is not null or erased_at is not null)
) with (fillfactor = 80);
-- Partial, so that foreign keys never take it for theirs: while the table is empty it would seem to cost them the same, and a session
-- keeps their plans.
create unique index contacts_phone on contacts (customer_id, phone) where phone is not null;
create unique index contacts_channel on contacts (customer_id, channel_id) where channel_id is not null;
-- An e-mail address identifies a contact only where there is no number: families and firms share mailboxes.
create unique index contacts_email on contacts (customer_id, email) where phone is null;
select protect('contacts', 'customer_id');

-- The loop guard: of what was sent to a contact, newest first, have four left in the 24 hours before another would?
create function guard_is_full(sent timestamptz[], leaves timestamptz) returns boolean language sql stable
  return cardinality(sent) >= 4 and (select min(at) from unnest(sent) at) > leaves - interval '24 hours';

create table tickets (
  id                     uuid primary key,
  customer_id            uuid not null references customers,
  number                 int not null,
  source                 text not null check (source in ('wizard', 'missed_call', 'sms_reply', 'whatsapp', 'email', 'manual')),
  status                 text not null check (status in ('NEW', 'NEEDS_CALLBACK', 'SCHEDULED', 'IN_PROGRESS', 'DONE', 'CLOSED')),
  intent                 text check (length(intent) <= 60),
  urgency                text not null check (urgency in ('LOW', 'MED', 'HIGH')),
  contact_id             uuid,
  contact_phone          e164,
  contact_email          mail_address,
  contact_name           text check (length(contact_name) <= 200),
  summary                text check (length(summary) <= 10000),
  metadata               jsonb not null default '{}' check (jsonb_typeof(metadata) = 'object'),
  dedupe_key             text check (starts_with(dedupe_key, customer_id || ':')),
  unread                 boolean not null default true,
  sla_due_at             timestamptz,
  escalated_at           timestamptz,
  confirmed_at           timestamptz,
  job_completed_at       timestamptz,
  review_due_at          timestamptz,
  review_request_sent_at timestamptz,
  review_clicked         boolean not null default false,
  created_at             timestamptz not null,
  updated_at             timestamptz not null,
  check (status in ('DONE', 'CLOSED') or job_completed_at is null),
  check (status = 'DONE' or review_due_at is null),
  foreign key (contact_id, customer_id) references contacts (id, customer_id)
) with (fillfactor = 80);
create unique index tickets_dedupe on tickets (dedupe_key) where status <> 'CLOSED';
create index tickets_contact on tickets (contact_id, created_at);
create index tickets_customer on tickets (customer_id, created_at);
create unique index tickets_number on tickets (customer_id, number);
create index tickets_open on tickets (customer_id, sla_due_at) where status not in ('DONE', 'CLOSED');
create index tickets_escalation on tickets (sla_due_at)
  where escalated_at is null and (status in ('NEW', 'NEEDS_CALLBACK') or status = 'DONE' and unread);
create index tickets_review on tickets (review_due_at) where review_due_at is not null;
create index tickets_done on tickets (job_completed_at) where status = 'DONE';
-- What foreign keys look for, made last: of indexes that seem to cost the same, as all do while a table is empty, the planner takes the
-- youngest, and a session keeps the plans of its foreign keys.
alter table tickets add unique (id, customer_id);
select protect('tickets', 'customer_id');

create table ticket_events (
  id          uuid primary key,
  seq         bigint generated always as identity,   -- the order of the history; clocks and ids are older than the lock
  customer_id uuid not null,
  ticket_id   uuid not null,
  event_type  text not null check (event_type ~ '^[a-z_]{1,40}$'),
  old_value   text,
  new_value   text,
  metadata    jsonb,
  created_at  timestamptz not null,
  foreign key (ticket_id, customer_id) references tickets (id, customer_id)
);
create index ticket_events_ticket on ticket_events (ticket_id, seq);
select protect('ticket_events', 'customer_id');

create table appointments (
  id           uuid primary key,
  customer_id  uuid not null references customers,
  ticket_id    uuid not null,
  starts_at    timestamptz not null,
  ends_at      timestamptz not null,
  who          text check (length(who) between 1 and 120),
  cancelled_at timestamptz,
  created_at   timestamptz not null,
  check (ends_at > starts_at and ends_at <= starts_at + interval '31 days'),
  foreign key (ticket_id, customer_id) references tickets (id, customer_id),
  constraint appointments_overlap exclude using gist (customer_id with =, who with =, tstzrange(starts_at, ends_at) with &&)
    where (cancelled_at is null)
);
create index appointments_ticket on appointments (ticket_id);
create index appointments_calendar on appointments (customer_id, starts_at);
select protect('appointments', 'customer_id');

create table review_links (
  code        text primary key check (code ~ '^[A-Za-z0-9_-]{6,40}$'),
  customer_id uuid not null references customers,
  ticket_id   uuid not null,
  clicked_at  timestamptz,
  created_at  timestamptz not null,
  foreign key (ticket_id, customer_id) references tickets (id, customer_id)
);
create index review_links_ticket on review_links (ticket_id);
select protect('review_links', 'customer_id');

create table consents (
  id           uuid primary key,
  customer_id  uuid not null references customers,
  contact_id   uuid,
  ticket_id    uuid,
  text_version text not null check (length(text_version) between 1 and 60),
  language     language_code not null,
  given_at     timestamptz not null,
  foreign key (contact_id, customer_id) references contacts (id, customer_id),
  foreign key (ticket_id, customer_id) references tickets (id, customer_id)
);
create index consents_contact on consents (contact_id);
create index consents_ticket on consents (ticket_id);
select protect('consents', 'customer_id');

create function review_link_tenant(wanted text) returns table (customer_id uuid)
  language sql stable security definer set search_path = pg_catalog, pg_temp
begin atomic
  select l.customer_id from review_links l where l.code = wanted;
end;

-- A history is added to, never changed. What the law wants forgotten, the owner removes.
grant select, insert on ticket_events to opsfabric_web, opsfabric_service;
grant select, insert, update on contacts, tickets, appointments to opsfabric_web;
grant select, update (clicked_at) on review_links to opsfabric_web;
grant insert on consents to opsfabric_web;
grant select, insert, update on contacts, tickets to opsfabric_service;
grant select, insert, update, delete on appointments, review_links, consents to opsfabric_service;
grant execute on function guard_is_full(timestamptz[], timestamptz), review_link_tenant(text) to opsfabric_web, opsfabric_service;

select close_to_strangers();
