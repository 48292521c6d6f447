-- support - what the tests share: the statements of lib/sql called by name, with named parameters, as the role they run as
create schema tap;
create extension pgtap schema tap;      -- not in public, where the tests look for what is ours
create extension dblink schema tap;
grant usage on schema tap, public to public;

-- filled by run from lib/sql and schema
create table tap.file (path text primary key, content text not null, columns text);

-- Kept, for every call looks into it: run refreshes it.
create materialized view tap.statement as
select regexp_replace(path, '^.*/([a-z0-9_]+)\.sql$', '\1') as name, content as sql,
       substring(content from '\n-- role: ([a-z]+)\n') as role,
       substring(content from '\n-- > ([^\n]*)\n') as result, columns,
       coalesce((select array_agg(m[2] order by n) from regexp_matches(content, '\n-- \$(\d+) ([A-Za-z_]+): ', 'g') with ordinality p (m, n)), '{}') as params,
       coalesce((select array_agg(m[1]::int order by n) from regexp_matches(content, '\n-- \$(\d+) ([A-Za-z_]+): ', 'g') with ordinality p (m, n)), '{}') as numbers
from tap.file
where path like 'lib/sql/%' and content ~ '\n-- role: (web|service|command|any)\n'      -- the owner's are the runner's business
with no data;
create unique index on tap.statement (name);

-- Two firms that must never see each other, and the instant most tests begin at (a Monday).
create function tap.a() returns uuid immutable language sql return '0190a000-0000-7000-8000-00000000000a'::uuid;
create function tap.b() returns uuid immutable language sql return '0190a000-0000-7000-8000-00000000000b'::uuid;
create function tap.at(minutes numeric default 0) returns timestamptz immutable language sql
  return '2024-03-04T10:00:00Z'::timestamptz + minutes * interval '1 minute';
create function tap.uuids(n int) returns text language sql volatile
  return (select array_agg(gen_random_uuid()) from generate_series(1, n))::text;
create function tap.texts(kinds boolean default true) returns jsonb immutable language sql
  return (select jsonb_object_agg(l, case when kinds then jsonb_build_object('new', jsonb_build_object('body', l || ' new', 'segments', 1),
                                                                               'joined', jsonb_build_object('body', l || ' joined', 'segments', 1))
                                          else jsonb_build_object('body', l || ' text', 'segments', 1) end)
          from unnest('{de,fr,it,en}'::text[]) l);

insert into customers (id, name, slug, phone, email, sms_number, website_domain, google_review_link)
values (tap.a(), 'Dörfler AG', 'doerfler-ag', '+41434435200', 'info@doerfler.example', '+41790000001', 'doerfler.example',
        'https://g.page/r/doerfler/review'),
       (tap.b(), 'Martin SA', 'martin-sa', '+41213334455', 'info@martin.example', '+41790000002', 'martin.example', null);

-- Every statement is prepared once, as programs do it, and with the settings of their roles.
create function tap.start() returns void language plpgsql as $$
declare
  s record;
begin
  perform set_config('plan_cache_mode', 'force_generic_plan', false), set_config('timezone', 'UTC', false),
          set_config('search_path', 'public, tap, pg_temp', false), set_config('jit', 'off', false), set_config('enable_seqscan', 'off', false);
  perform setval(format('ticket_number.%I', id), 1, false) from customers;         -- sequences do not roll back
  for s in select name, sql from tap.statement loop
    execute format('prepare %I as %s', s.name, s.sql);
  end loop;
end $$;

-- A call with named parameters; one that is not named is NULL.
create function tap.command(which text, args jsonb) returns text language plpgsql as $$
declare
  s tap.statement;
  unknown text;
begin
  select * into strict s from tap.statement where name = which;
  select string_agg(k, ', ') into unknown from jsonb_object_keys(args) k where k <> all (s.params);
  if unknown is not null then
    raise exception '% has no parameter %', which, unknown;
  end if;
  return 'execute ' || quote_ident(which)
    || coalesce('(' || (select string_agg(quote_nullable(args ->> p), ', ' order by n) from unnest(s.params) with ordinality u (p, n)) || ')', '');
end $$;
create function tap.tenant_command(args jsonb, tenant uuid) returns text language sql
  return tap.command('tenant_set', jsonb_build_object('tenant', tenant, 'lock_key', coalesce(args ->> 'phone', args ->> 'email', 'other')));
create function tap.role_of(which text) returns text language sql
  return (select 'opsfabric_' || case role when 'any' then 'web' when 'command' then 'service' else role end from tap.statement where name = which);

-- One pipeline: the tenant (if any) with its lock, then the statement. Afterwards no tenant is set, as after a commit.
create function tap.call(which text, args jsonb, tenant uuid default null) returns setof jsonb language plpgsql as $$
declare
  command text := tap.command(which, args);
  tenant_command text := tap.tenant_command(args, tenant);
  returns_rows boolean := (select result <> 'nothing' from tap.statement where name = which);
  row record;
begin
  execute format('set local role %I', tap.role_of(which));
  if tenant is not null then
    execute tenant_command;
  end if;
  if returns_rows then
    for row in execute command loop
      return next to_jsonb(row);
    end loop;
  else
    execute command;
  end if;
  perform set_config('app.customer_id', '', true);
  reset role;
end $$;

-- The parameters of the use cases, with everything filled in that a test does not care about.
create function tap.inbound(args jsonb, at timestamptz, tenant uuid) returns jsonb language sql volatile
  return jsonb_build_object('event_row', gen_random_uuid(), 'provider', 'test', 'event_id', gen_random_uuid(), 'fingerprint', 'f', 'now', at,
    'contact_id', gen_random_uuid(), 'ticket_id', gen_random_uuid(), 'message_id', gen_random_uuid(), 'event_ids', tap.uuids(4),
    'phone', case when not args ? 'email' then '+41791234567' end, 'phone_kind', 'mobile',
    'dedupe_key', tenant || ':' || coalesce(args ->> 'phone', args ->> 'email', '+41791234567') || ':' || at::date, 'sla_due_at', at + interval '2 hours',
    'fallback_language', 'de', 'sender', '+41790000001', 'carrier', 'console', 'not_before', at, 'expires_at', at + interval '1 day') || args;
create function tap.ticket_args(args jsonb, at timestamptz, tenant uuid) returns jsonb language sql volatile
  return tap.inbound(jsonb_build_object('source', 'wizard', 'urgency', 'MED', 'vouched', false, 'texts', tap.texts()) || args, at, tenant);
create function tap.missed_args(args jsonb, at timestamptz, tenant uuid) returns jsonb language sql volatile
  return tap.inbound(jsonb_build_object('texts', tap.texts(false)) || args, at, tenant);
create function tap.reply_args(args jsonb, at timestamptz, tenant uuid) returns jsonb language sql volatile
  return tap.inbound(jsonb_build_object('channel', 'sms', 'body', args ->> 'meaning', 'texts', case when args ->> 'meaning' <> 'courtesy' then tap.texts() end) || args, at, tenant);

-- The pipeline of an event: with an alert, the statement of that follows.
create function tap.event(which text, args jsonb, tenant uuid) returns setof jsonb language plpgsql as $$
begin
  return query select * from tap.call(which, args - 'alert', tenant);
  if args -> 'alert' is not null then
    perform tap.call('alert_open', jsonb_build_object('event_row', args -> 'event_row', 'now', args -> 'now', 'alert', args -> 'alert'), tenant);
  end if;
end $$;

-- The use cases. They return the whole row: replay, same_body, answer.
create function tap.ticket(args jsonb default '{}', at timestamptz default tap.at(), tenant uuid default tap.a()) returns jsonb language sql volatile
begin atomic
  select tap.event('ticket_open', tap.ticket_args(args, at, tenant), tenant);
end;
create function tap.missed(args jsonb default '{}', at timestamptz default tap.at(), tenant uuid default tap.a()) returns jsonb language sql volatile
begin atomic
  select tap.event('missed_call_open', tap.missed_args(args, at, tenant), tenant);
end;
create function tap.reply(meaning text, args jsonb default '{}', at timestamptz default tap.at(), tenant uuid default tap.a()) returns jsonb language sql volatile
begin atomic
  select tap.event('sms_reply_receive', tap.reply_args(jsonb_build_object('meaning', meaning) || args, at, tenant), tenant);
end;
create function tap.move(ticket uuid, old text, new text, args jsonb default '{}', at timestamptz default tap.at(), tenant uuid default tap.a())
returns jsonb language sql volatile
begin atomic
  select tap.call('ticket_move',
    jsonb_build_object('ticket_id', ticket, 'old_status', old, 'new_status', new, 'now', at, 'event_id', gen_random_uuid(), 'actor', 'Anna',
                       'message_id', gen_random_uuid(), 'fallback_language', 'de', 'sender', '+41790000001', 'carrier', 'console',
                       'not_before', at, 'expires_at', at + interval '1 day')
    || args, tenant);
end;

-- What the review cron does: both statements in one transaction. `settings` are laid over those of every tenant.
create function tap.review_tenants(settings jsonb) returns jsonb language sql
  return (select jsonb_object_agg(c.id, jsonb_build_object('open_at', null, 'texts', (
            select jsonb_object_agg(l, jsonb_build_object('body', l || ' {code}', 'segments', 1)) from unnest('{de,fr}'::text[]) l),
            'language', 'de', 'sender', '+41790000001', 'carrier', 'console', 'destinations', '^\+(?:41)', 'skip_reason', null) || settings) from customers c);
create function tap.review_args(at timestamptz, settings jsonb, most int) returns jsonb language sql volatile
  return jsonb_build_object('now', at, 'tenants', tap.review_tenants(settings), 'expires_at', at + interval '1 day', 'message_ids', tap.uuids(most), 'event_ids', tap.uuids(most),
    'codes', (select array_agg(left(replace(gen_random_uuid()::text, '-', ''), 12)) from generate_series(1, most))::text);
create function tap.review(at timestamptz, settings jsonb default '{}', most int default 50) returns setof jsonb language plpgsql as $$
begin
  perform tap.call('review_lock', jsonb_build_object('now', at, 'most', most, 'tenants', (select array_agg(id)::text from customers)));
  return query select tap.call('review_request', tap.review_args(at, settings, most));
end $$;

-- Another session of this server, in this database or another one.
create function tap.connect(name text, database text default current_database()) returns void language plpgsql as $$
begin
  perform dblink_connect(name, format('host=%s port=%s dbname=%s user=%s', split_part(current_setting('unix_socket_directories'), ',', 1), current_setting('port'), database, session_user));
  perform dblink_exec(name, 'set client_min_messages = warning');
end $$;
