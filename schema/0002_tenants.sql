-- 0002_tenants - the firms, the addresses they are reached by, their tokens and secrets

create table customers (
  id                   uuid primary key,
  name                 text not null check (length(name) between 1 and 120),
  slug                 text not null unique check (slug ~ '^[a-z0-9](-?[a-z0-9])*$' and length(slug) between 2 and 60),
  phone                e164,
  email                mail_address,
  sms_number           e164,
  website_domain       text check (website_domain ~ '^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+$'
                                   and length(website_domain) <= 253),
  google_review_link   text check (google_review_link ~ '^https://[^[:space:]]+$' and length(google_review_link) <= 500),
  -- NULL in a setting means its default: the view tenants knows them
  timezone             text,
  quiet_hours_start    time,
  quiet_hours_end      time,
  sla_response_minutes int check (sla_response_minutes between 1 and 10080),
  review_delay_hours   int check (review_delay_hours between 0 and 720),
  daily_segments       int check (daily_segments >= 0),    -- what the firm's automatic messages may cost in a day
  plan                 text not null default 'pilot' check (plan in ('pilot', 'starter', 'pro', 'premium')),
  config               jsonb check (jsonb_typeof(config) = 'object' and octet_length(config::text) <= 65536),
  modules              jsonb check (jsonb_typeof(modules) = 'object' and octet_length(modules::text) <= 4096),
  active               boolean not null default true,
  created_at           timestamptz not null default now(),
  updated_at           timestamptz not null default now()
);
select protect('customers', 'id');

-- A zone that Postgres does not know would fail every later request of the firm, so it fails here.
create function customers_timezone() returns trigger language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  -- written exactly so: Postgres would also take other cases and POSIX zones, calendars do not
  if new.timezone in ('localtime', 'Factory') or new.timezone ~ '^(posix|right)/'
     or not exists (select from pg_timezone_names z where z.name = new.timezone) then
    raise exception 'time zone "%" is not known', new.timezone using errcode = 'check_violation', column = 'timezone', table = 'customers';
  end if;
  return new;
end $$;
create trigger customers_timezone before insert or update of timezone on customers
  for each row when (new.timezone is not null) execute function customers_timezone();

-- A firm as programs see it. The caller's own policies apply.
create view tenants with (security_invoker = true) as
select id as customer_id, name, slug, phone, email, sms_number, website_domain, google_review_link,
       coalesce(timezone, 'Europe/Zurich') as timezone,
       coalesce(quiet_hours_start, '21:00') as quiet_hours_start,
       coalesce(quiet_hours_end, '07:00') as quiet_hours_end,
       coalesce(sla_response_minutes, 120) as sla_response_minutes,
       coalesce(review_delay_hours, 2) as review_delay_hours,
       coalesce(daily_segments, 500) as daily_segments,
       coalesce(config, '{}') as config, coalesce(modules, '{}') as modules, active
from customers;

create table tenant_addresses (
  channel     text not null check (channel in ('phone', 'sms', 'email', 'domain', 'whatsapp')),
  address     text not null check (length(address) between 1 and 254),
  customer_id uuid not null references customers on delete cascade,
  primary key (channel, address),
  -- a number may be a firm's phone and its SMS number, but never belong to two firms
  constraint tenant_addresses_number exclude using gist (address with =, customer_id with <>) where (channel in ('phone', 'sms'))
);
create index tenant_addresses_customer on tenant_addresses (customer_id);
select protect('tenant_addresses', 'customer_id');

create function customers_addresses() returns trigger language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  delete from public.tenant_addresses a
  where a.customer_id = new.id and a.channel in ('phone', 'sms', 'email', 'domain')
    and (a.channel, a.address) not in (select v.channel, v.address
                                       from (values ('phone', new.phone::text), ('sms', new.sms_number), ('email', new.email),
                                                    ('domain', new.website_domain)) v (channel, address)
                                       where v.address is not null);
  -- the same row again is fine, another firm's is not: it has to fail here and not be skipped
  insert into public.tenant_addresses as a (channel, address, customer_id)
  select v.channel, v.address, new.id
  from (values ('phone', new.phone::text), ('sms', new.sms_number), ('email', new.email), ('domain', new.website_domain)) v (channel, address)
  where v.address is not null
    and not exists (select from public.tenant_addresses o
                    where o.channel = v.channel and o.address = v.address and o.customer_id = new.id);
  return null;
end $$;
create trigger customers_addresses after insert or update of phone, sms_number, email, website_domain on customers
  for each row execute function customers_addresses();

create table tokens (
  id           uuid primary key,
  customer_id  uuid not null references customers on delete cascade,
  hash         text not null unique check (length(hash) between 32 and 128),
  scope        text not null check (scope ~ '^[a-z_]{1,30}$'),
  label        text check (length(label) <= 120),
  created_at   timestamptz not null default now(),
  last_used_at timestamptz,
  revoked_at   timestamptz
);
create index tokens_customer on tokens (customer_id);
select protect('tokens', 'customer_id');

create table secrets (
  id          uuid primary key,
  customer_id uuid not null references customers on delete cascade,
  name        text not null check (name ~ '^[a-z0-9_.-]{1,60}$'),
  sealed      bytea not null check (octet_length(sealed) <= 8192),    -- libsodium's secretbox; the key is not in the database
  created_at  timestamptz not null default now(),
  updated_at  timestamptz not null default now(),
  unique (customer_id, name)
);
select protect('secrets', 'customer_id');

-- Numbers come from a sequence per tenant: a counter row is locked until the commit is on disk.
create schema ticket_number;
create function customers_number() returns trigger language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  if tg_op = 'INSERT' then
    execute format('create sequence ticket_number.%I', new.id);
    execute format('revoke all on sequence ticket_number.%I from public', new.id);
  else
    execute format('drop sequence if exists ticket_number.%I', old.id);
  end if;
  return null;
end $$;
create trigger customers_number after insert or delete on customers for each row execute function customers_number();

-- Without a parameter: nobody can burn another tenant's numbers.
create function next_ticket_number() returns int language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
begin
  return nextval(format('ticket_number.%I', public.app_tenant())::regclass);
end $$;

-- The look-ups of requests that do not know their tenant yet. They run as the owner and say no more than this.
create function tenant_by_slug(wanted text) returns setof tenants language sql stable security definer set search_path = pg_catalog, pg_temp
begin atomic
  select t.* from tenants t where t.slug = wanted;
end;

-- Channel 'call' is a number that rings: it may be the firm's phone or its SMS number.
create function tenant_by_address(wanted_channel text, wanted text) returns setof tenants language sql stable security definer set search_path = pg_catalog, pg_temp
begin atomic
  select t.* from tenants t
  where t.customer_id = (select a.customer_id from tenant_addresses a
                         where a.address = wanted
                           and a.channel in (wanted_channel, case wanted_channel when 'call' then 'phone' end,
                                             case wanted_channel when 'call' then 'sms' end)
                         limit 1);
end;

-- Notes the last use, to the minute: a write for every request would make a token a bottleneck.
create function token_tenant(wanted text, at timestamptz) returns table (customer_id uuid, slug text, scope text, token_id uuid)
  language sql volatile security definer set search_path = pg_catalog, pg_temp
begin atomic
  update tokens k set last_used_at = at
  where k.hash = wanted and k.revoked_at is null and (k.last_used_at is null or k.last_used_at < at - interval '1 minute');
  select c.id, c.slug, k.scope, k.id from tokens k join customers c on c.id = k.customer_id
  where k.hash = wanted and k.revoked_at is null;
end;

grant select on customers, tenants, tenant_addresses, secrets to opsfabric_web;
grant select, insert, update on customers to opsfabric_service;
grant select on tenants to opsfabric_service;
grant select, insert, update, delete on tenant_addresses, tokens, secrets to opsfabric_service;
grant execute on function next_ticket_number(), tenant_by_slug(text), tenant_by_address(text, text), token_tenant(text, timestamptz)
  to opsfabric_web, opsfabric_service;

select close_to_strangers();
