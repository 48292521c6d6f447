-- roles.sql - the roles, their limits, and what they may do with this database
--
-- Run inside the database OpsFabric is to live in, by a superuser or by the CREATEROLE owner of the database
-- (Supabase's postgres). It may be run again at any time. Passwords are not set here: give each login role one
-- (or a certificate, or peer) afterwards. Nothing here is done by the migrations: they run as opsfabric_owner,
-- which may create no role.

do $$
declare
  role text;
begin
  foreach role in array array['opsfabric_owner', 'opsfabric_web', 'opsfabric_service'] loop
    if to_regrole(role) is null then
      execute format('create role %I login', role);
    end if;
  end loop;
  if to_regrole('anon') is null then
    create role anon nologin;
  end if;
end $$;

-- Roles that stood here before us are not repaired silently: a wrong one is somebody's decision, and a wrong decision.
do $$
declare
  wrong record;
begin
  for wrong in
    select r.rolname as name, 'is a superuser or bypasses row level security' as why
    from pg_roles r
    where r.rolname in ('opsfabric_owner', 'opsfabric_web', 'opsfabric_service') and (r.rolsuper or r.rolbypassrls)
    union all
    select m.rolname, 'is a member of ' || g.rolname
    from pg_auth_members am join pg_roles m on m.oid = am.member join pg_roles g on g.oid = am.roleid
    where m.rolname in ('opsfabric_owner', 'opsfabric_web', 'opsfabric_service', 'anon')
      and g.rolname in ('opsfabric_owner', 'opsfabric_web', 'opsfabric_service', 'service_role')
  loop
    raise exception 'role % %: row level security would not hold for it', wrong.name, wrong.why;
  end loop;
end $$;

do $$
begin
  execute format('grant connect, create on database %I to opsfabric_owner', current_database());
  execute format('grant connect on database %I to opsfabric_web, opsfabric_service', current_database());
end $$;
grant usage, create on schema public to opsfabric_owner;
grant usage on schema public to opsfabric_web, opsfabric_service;
-- Who may create in public could put a function in front of ours.
revoke create on schema public from public;

-- A request waits for nobody for long; a batch may take longer, but waits no longer for a lock.
alter role opsfabric_web set statement_timeout = '4s';
alter role opsfabric_web set lock_timeout = '2s';
alter role opsfabric_web set idle_in_transaction_session_timeout = '5s';
alter role opsfabric_service set statement_timeout = '15s';
alter role opsfabric_service set lock_timeout = '2s';
alter role opsfabric_service set idle_in_transaction_session_timeout = '20s';
-- A migration that queues for a table's lock holds up everybody behind it: it gives up first.
alter role opsfabric_owner set lock_timeout = '5s';
alter role opsfabric_owner set idle_in_transaction_session_timeout = '60s';

-- Statements of fifteen CTEs take longer to plan than to run, and no parameter ever changes what their best plan is:
-- plan them once per connection.
alter role opsfabric_web set plan_cache_mode = 'force_generic_plan';
alter role opsfabric_service set plan_cache_mode = 'force_generic_plan';
-- Such a plan is kept until the tables are analyzed, perhaps from a day on which they were empty and reading all of one
-- was cheapest. Every statement finds its rows by an index.
alter role opsfabric_web set enable_seqscan = off;
alter role opsfabric_service set enable_seqscan = off;
-- Their estimated cost can pass the limit above which Postgres compiles; compiling takes a hundred times as long as running.
alter role opsfabric_web set jit = off;
alter role opsfabric_service set jit = off;

-- Answers are stored and sent again as text: the same instant is always the same text.
alter role opsfabric_owner set timezone = 'UTC';
alter role opsfabric_web set timezone = 'UTC';
alter role opsfabric_service set timezone = 'UTC';

-- pg_temp last: a temporary table never stands in front of one of ours.
alter role opsfabric_owner set search_path = public, pg_temp;
alter role opsfabric_web set search_path = public, pg_temp;
alter role opsfabric_service set search_path = public, pg_temp;
