-- The migrations: on an empty database, on one of Supabase's, not on a stranger's; roles.sql by whoever may
begin;
select tap.start();
select no_plan();

create function pg_temp.scratch(owner text default session_user) returns void language plpgsql as $$
declare
  name text := current_database() || '_scratch';
begin
  if 'scratch' = any (dblink_get_connections()) then
    perform dblink_disconnect('scratch');
  end if;
  perform tap.connect('admin', 'postgres'), dblink_exec('admin', format('drop database if exists %I', name)),
          dblink_exec('admin', format('create database %I owner %I', name, owner)), dblink_disconnect('admin');
  perform tap.connect('scratch', name);
end $$;
create function pg_temp.remote(command text) returns text language sql volatile return dblink_exec('scratch', command);
create function pg_temp.answer(query text) returns text language sql volatile
  return (select x from dblink('scratch', query) r (x text));
create function pg_temp.content(p text) returns text language sql return (select content from tap.file where path = p);
create function pg_temp.roles(role text) returns text language sql volatile
  return pg_temp.remote(format('set session authorization %I; ', role) || pg_temp.content('schema/roles.sql') || '; reset session authorization');
-- one migration, as the runner sends it
create function pg_temp.migrate(p text) returns text language sql volatile
  return pg_temp.remote('set session authorization opsfabric_owner; begin; ' || pg_temp.content(p)
    || format('; insert into schema_migrations values (%s, %L, '''', now()); commit; reset session authorization', substring(p from '/(\d+)_')::int, p));
create function pg_temp.migrate_all() returns bigint language plpgsql as $$
declare
  p text;
  n bigint := 0;
begin
  perform pg_temp.remote('set session authorization opsfabric_owner; create table schema_migrations (version int primary key, name text, checksum text, applied_at timestamptz); reset session authorization');
  for p in select path from tap.file where path ~ '^schema/\d' order by path loop
    perform pg_temp.migrate(p);
    n := n + 1;
  end loop;
  return n;
end $$;

select is((select array_agg(substring(path from '/(\d+)_')::int order by path) from tap.file where path ~ '^schema/\d'),
          (select array_agg(n::int) from generate_series(1, (select count(*) from tap.file where path ~ '^schema/\d')) n), 'migrations are numbered without gaps');
select is(array_agg(path), null, 'and begin no transaction of their own') from tap.file where path ~ '^schema/\d' and content ~* '^\s*(begin|commit|rollback)\s*;' ;
select ok(content ~ 'select close_to_strangers\(\);\s*$', path || ' closes what it made') from tap.file where path ~ '^schema/\d';

-- an empty database
select pg_temp.scratch();
select lives_ok($$select pg_temp.roles(session_user)$$, 'roles.sql on a new database');
select lives_ok($$select pg_temp.roles(session_user)$$, 'roles.sql again');
select lives_ok('select pg_temp.migrate_all()', 'all migrations on an empty database');
create function pg_temp.tables() returns text language sql volatile
  return pg_temp.answer('select string_agg(relname, '','' order by relname) from pg_class where relnamespace = ''public''::regnamespace and relkind in (''r'', ''v'')');
create temp table made as select pg_temp.tables() as list;
select cmp_ok(cardinality(string_to_array(list, ',')), '>=', 17, 'tables are made') from made;

-- Supabase: its roles, and everything granted to them by default, whoever makes it
select pg_temp.scratch();
create temp table lent as select r from unnest('{authenticated,service_role}'::text[]) r where to_regrole(r) is null;
select pg_temp.remote(format('create role %I', r)) from lent;
select pg_temp.roles(session_user);
select pg_temp.remote(format('alter default privileges for role opsfabric_owner %s grant all on %s to anon, authenticated, service_role', place, kind))
from unnest(array['', 'in schema public']) place, unnest(array['tables', 'sequences', 'functions']) kind;
select pg_temp.remote('grant usage on schema public to anon, authenticated, service_role');
select lives_ok('select pg_temp.migrate_all()', 'all migrations on a database of Supabase''s');
select is(pg_temp.tables(), list, 'make the same tables') from made;
select is(pg_temp.answer($$
  select string_agg(distinct o, ', ') from (
    select c.relname || ' ' || r as o from pg_class c, unnest('{anon,authenticated,service_role}'::text[]) r
    where c.relnamespace in ('public'::regnamespace, 'ticket_number'::regnamespace) and c.relkind in ('r', 'v')
      and (has_table_privilege(r, c.oid, 'select, insert, update, delete, truncate, references, trigger') or has_any_column_privilege(r, c.oid, 'select, insert, update'))
    union all
    select c.relname || ' ' || r from pg_class c, unnest('{anon,authenticated,service_role}'::text[]) r
    where c.relnamespace = 'public'::regnamespace and c.relkind = 'S' and has_sequence_privilege(r, c.oid, 'usage, select, update')
    union all
    select p.proname || ' ' || r from pg_proc p, unnest('{anon,authenticated,service_role}'::text[]) r
    where p.proowner = 'opsfabric_owner'::regrole and has_function_privilege(r, p.oid, 'execute')
    union all
    select 'ticket_number ' || r from unnest('{anon,authenticated,service_role}'::text[]) r where has_schema_privilege(r, 'ticket_number', 'usage')) x $$), null, 'and nothing is open to its roles');
select is(pg_temp.answer($$select string_agg(distinct r, ',') from unnest('{opsfabric_web,opsfabric_service}'::text[]) r where not has_table_privilege(r, 'tickets', 'select, insert, update')$$), null, 'ours have what they need');
select lives_ok($$select pg_temp.remote('set session authorization opsfabric_service; insert into customers (id, name, slug) values (gen_random_uuid(), ''X'', ''xx''); reset session authorization')$$, 'a firm can be added');
select is(pg_temp.answer($$select count(*)::text from pg_class where relnamespace = 'ticket_number'::regnamespace and relkind = 'S'$$), '1', 'with its numbers');

-- somebody else's tables under any of our names
select pg_temp.scratch();
select pg_temp.roles(session_user);
select pg_temp.remote('create table schema_migrations (version int)');
create function pg_temp.refused(name text) returns text language plpgsql as $$
declare
  message text;
  hint text;
begin
  perform pg_temp.remote(format('create table %I (id int)', name));
  begin
    perform pg_temp.migrate('schema/0001_ground.sql');
  exception when others then
    get stacked diagnostics message = message_text, hint = pg_exception_hint;
  end;
  perform pg_temp.remote('rollback; reset session authorization'), pg_temp.remote(format('drop table %I', name));
  return concat_ws(' / ', message, hint);
end $$;
select ok(pg_temp.refused(name) ~ ('did not make: ' || name || ' / Nothing was changed.*opsfabric import'), 'a database with a table ' || name || ' of somebody else is refused')
from made, unnest(string_to_array(list, ',')) name where name not in ('schema_migrations', 'photos', 'opt_outs', 'installation', 'dispatchers');        -- younger tables: their own migration fails
select is(pg_temp.tables(), 'schema_migrations', 'and left as it was');

-- whoever may create roles may run roles.sql
create temp table admin as select 'tap_admin_' || pg_backend_pid() as name;
select pg_temp.remote(format('create role %I createrole', name)) from admin;
select pg_temp.scratch(name) from admin;
select lives_ok(format('select pg_temp.roles(%L)', name), 'the CREATEROLE owner of a database') from admin;
select lives_ok('select pg_temp.migrate_all()', 'which can be migrated then');
select pg_temp.remote('grant opsfabric_owner to opsfabric_web');
select throws_matching('select pg_temp.roles(session_user)', 'opsfabric_web is a member of opsfabric_owner', 'a role that could get round the policies is refused');
select pg_temp.remote('rollback'), pg_temp.remote('reset session authorization; revoke opsfabric_owner from opsfabric_web');

select dblink_disconnect('scratch');
select tap.connect('scratch', 'postgres');
select pg_temp.remote(format('drop database %I', current_database() || '_scratch'));
select pg_temp.remote(format('drop role %I', name)) from (select name from admin union all select r from lent) x;
select * from finish();
rollback;
