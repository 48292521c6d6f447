-- 0009_alerts - an alert is told to one of the firm's on-call chain after the other, until somebody answers
--
-- A row is one telling: who was told by which message. The tellings of one alert have the same first_id.

alter table alerts
  add column first_id  uuid,                              -- the first telling of this alert; its own id for the first
  add column step      int not null default 0 check (step >= 0),   -- how many were told before
  add column name      text check (length(name) <= 60),   -- whom, as the chain says
  add column code_hash text unique check (length(code_hash) = 64),   -- SHA-256 of the code in the message's link
  add column next_at   timestamptz,                       -- when the next one is told; null: nobody is, or somebody was
  add check (answered_at is null or next_at is null);
update alerts set first_id = id;
alter table alerts alter column first_id set not null;
create index alerts_first on alerts (first_id);
create index alerts_customer on alerts (customer_id, told_at);
create index alerts_due on alerts (next_at) where next_at is not null;

-- Whose alert a link of an SMS answers, before any tenant is set.
create function alert_tenant(wanted text) returns table (slug text)
  language sql stable security definer set search_path = pg_catalog, pg_temp
begin atomic
  select c.slug from alerts a join customers c on c.id = a.customer_id where a.code_hash = wanted;
end;

grant update (next_at) on alerts to opsfabric_web;
grant execute on function alert_tenant(text) to opsfabric_web, opsfabric_service;

select close_to_strangers();
