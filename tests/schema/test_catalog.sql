-- The catalog: what must hold for every table, so that a new one cannot forget it
begin;
select tap.start();
select no_plan();

create temp view ours as
select c.oid, c.relname, c.relrowsecurity, c.relforcerowsecurity, c.relowner::regrole::text as owner, c.oid::regclass as name,
       exists (select from pg_attribute a where a.attrelid = c.oid and a.attname = 'customer_id' and not a.attisdropped) as of_tenant
from pg_class c where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p');

-- tables
select is(array_agg(relname order by relname), '{dispatchers,heartbeats,installation,schema_migrations}', 'every table but these belongs to tenants') from ours where not of_tenant and relname <> 'customers';
select is(owner, 'opsfabric_owner', relname || ' belongs to the owner') from ours;
select ok(relrowsecurity and relforcerowsecurity, relname || ': row level security is enabled and forced') from ours where of_tenant or relname = 'customers';
select is((select array_agg(concat_ws(' ', p.polname, p.polcmd, (select string_agg(r::regrole::text, ',' order by r::regrole::text) from unnest(p.polroles) r),
                                      pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid)) order by p.polname)
           from pg_policy p where p.polrelid = ours.oid and p.polname <> 'unmatched'),
          array['everything * opsfabric_owner,opsfabric_service true true',
                format('tenant * opsfabric_web ((%s = ( SELECT app_tenant() AS app_tenant)) IS TRUE) (%1$s = app_tenant())', case relname when 'customers' then 'id' else 'customer_id' end)],
          relname || ': its two policies') from ours where of_tenant or relname = 'customers';
select is(jsonb_agg(jsonb_build_array(polrelid::regclass, polcmd, pg_get_expr(polqual, polrelid), pg_get_expr(polwithcheck, polrelid))),
          '[["inbound_events", "a", null, "((customer_id IS NULL) AND (app_tenant() IS NULL))"]]', 'the one other policy: events of nobody may be written') from pg_policy where polname = 'unmatched';
select is((select array_agg(n order by n) from (select distinct (regexp_matches(substring(content from 'c\.relname in \(([^)]*)\)'), '''([a-z_]+)''', 'g'))[1] as n
                                                from tap.file where path = 'schema/0001_ground.sql') x),
          (select array_agg(c.relname::text order by c.relname) from pg_class c where relnamespace = 'public'::regnamespace and relkind in ('r', 'p', 'v', 'm')
             and relname not in ('schema_migrations', 'photos', 'opt_outs', 'installation', 'dispatchers')),       -- what came after the first is refused by its own migration
          'the first migration looks for every name that it knew of');

-- foreign keys: rows of one tenant point to rows of the same
create temp view keys as
select k.conname, k.conrelid::regclass as child, k.confrelid::regclass as parent, k.conrelid, k.conkey,
       (select array_agg(a.attname order by o) from unnest(k.conkey) with ordinality u (n, o) join pg_attribute a on a.attrelid = k.conrelid and a.attnum = n) as cols,
       (select array_agg(a.attname order by o) from unnest(k.confkey) with ordinality u (n, o) join pg_attribute a on a.attrelid = k.confrelid and a.attnum = n) as refs
from pg_constraint k where k.contype = 'f' and k.connamespace = 'public'::regnamespace;
select cmp_ok(count(*), '>', 10::bigint, 'there are foreign keys to look at') from keys;
select ok('customer_id' = any (cols) and refs[array_position(cols, 'customer_id')] = 'customer_id', format('%s -> %s keeps to the tenant', child, parent))
from keys where parent::text <> 'customers';
select is(cols, '{customer_id}', format('%s -> customers is the tenant', child)) from keys where parent::text = 'customers';
select ok(exists (select from pg_index i where i.indrelid = conrelid and i.indpred is null and i.indkey[0] = conkey[1]), format('%s (%s) has an index', child, cols[1]))
from keys where parent::text <> 'customers';
select is(array_agg(o.relname::text order by 1), null, 'every table of tenants is tied to customers') from ours o
where of_tenant and not exists (select from keys k where k.conrelid = o.oid and k.cols @> '{customer_id}'
                                and (k.parent::text = 'customers' or not exists (select from pg_attribute a where a.attrelid = o.oid and a.attname = any (k.cols) and not a.attnotnull)));

-- what each role may do, word for word
create temp table verbs (relation text, web text, service text);
insert into verbs values
  ('alerts', 'r a w(answered_at,answered_by,next_at)', 'r a w'),
  ('appointments', 'r a w', 'r a w d'),
  ('consents', 'a', 'r a w d'),
  ('contacts', 'r a w', 'r a w'),
  ('customers', 'r', 'r a w'),
  ('dispatchers', '', 'r a w'),
  ('heartbeats', 'r', 'r a w d'),
  ('inbound_events', 'r a w(answer,fingerprint,id,outcome,raw,received_at)', 'r a w d'),
  ('installation', '', 'r w'),
  ('opt_outs', 'r', 'r d'),
  ('photos', 'r a', 'r a d'),
  ('review_links', 'r w(clicked_at)', 'r a w d'),
  ('schema_migrations', 'r', 'r'),
  ('secrets', 'r', 'r a w d'),
  ('segment_usage', 'r', 'r a w d'),
  ('sms_log', 'r a w', 'r a w'),
  ('tenant_addresses', 'r', 'r a w d'),
  ('tenants', 'r', 'r'),
  ('ticket_events', 'r a', 'r a'),
  ('tickets', 'r a w', 'r a w'),
  ('tokens', '', 'r a w d');
create function pg_temp.verbs(role text, relation regclass) returns text language sql
  return (select coalesce(string_agg(v, ' ' order by o), '') from (
    select case p when 'SELECT' then 'r' when 'INSERT' then 'a' when 'UPDATE' then 'w' when 'DELETE' then 'd' else lower(p) end
             || case when not has_table_privilege(role, relation, p) then '(' || cols || ')' else '' end as v, o
    from unnest('{SELECT,INSERT,UPDATE,DELETE,TRUNCATE,REFERENCES,TRIGGER}'::text[]) with ordinality u (p, o),
         lateral (select string_agg(attname, ',' order by attname) as cols from pg_attribute
                  where attrelid = relation and attnum > 0 and not attisdropped and p in ('SELECT', 'INSERT', 'UPDATE', 'REFERENCES') and has_column_privilege(role, relation, attnum, p)) c
    where has_table_privilege(role, relation, p) or cols is not null) x);
select is(pg_temp.verbs(r.role, c.oid), r.want, r.role || ' on ' || c.relname)
from pg_class c left join verbs v on v.relation = c.relname,
     lateral (values ('opsfabric_web', coalesce(v.web, '?')), ('opsfabric_service', coalesce(v.service, '?')), ('anon', '')) r (role, want)
where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p', 'v', 'm');

-- functions, sequences, schemas
create temp view functions as
select p.oid, p.oid::regprocedure::text as name, p.prosecdef, p.proconfig, p.provolatile, p.proowner::regrole::text as owner from pg_proc p
where p.pronamespace in ('public'::regnamespace, 'ticket_number'::regnamespace)
  and not exists (select from pg_depend d where d.objid = p.oid and d.deptype = 'e');
select is(string_agg(name, ' ' order by name), 'alert_tenant(text) contact_erase(uuid,text,timestamp with time zone) contact_forget(uuid,timestamp with time zone) contact_inbound(uuid) customers_addresses() customers_number() is_sender(text) message_forget(uuid[],timestamp with time zone) message_tenant(uuid) next_ticket_number() photo_ticket(uuid) quarantine_has_room(timestamp with time zone) receipt_tenant(text,text) review_link_tenant(text) sms_log_parked() tenant_by_address(text,text) tenant_by_slug(text) ticket_forget(uuid[],timestamp with time zone) token_tenant(text,timestamp with time zone) webhook_trust()',
          'these run with the owner''s rights and no others') from functions where prosecdef;
select is(proconfig, array['search_path=pg_catalog, pg_temp'], name || ' has a fixed search_path') from functions where prosecdef;
select is(array_agg(name order by name), null, 'nobody else may call our functions') from functions, unnest(array['anon', 'public']) r
where case r when 'public' then exists (select from pg_proc p, aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a where p.oid = functions.oid and a.grantee = 0)
             else has_function_privilege(r, functions.oid, 'execute') end;
select is(string_agg(name, ' ' order by name), 'alert_tenant(text) app_tenant() first_limits(integer,jsonb) guard_is_full(timestamp with time zone[],timestamp with time zone) higher_urgency(text,text) is_sender(text) message_tenant(uuid) next_ticket_number() opt_out_hash(uuid,text) photo_ticket(uuid) quarantine_has_room(timestamp with time zone) receipt_lock(text,text) receipt_moves(text,integer,text) receipt_tenant(text,text) review_link_tenant(text) tenant_by_address(text,text) tenant_by_slug(text) token_tenant(text,timestamp with time zone) webhook_trust()',
          'handlers may call these') from functions where has_function_privilege('opsfabric_web', oid, 'execute');
select is(count(*), 0::bigint, 'sequences are reached through columns and functions only') from pg_class c, unnest('{opsfabric_web,opsfabric_service,anon}'::text[]) r
where c.relkind = 'S' and c.relnamespace in ('public'::regnamespace, 'ticket_number'::regnamespace) and has_sequence_privilege(r, c.oid, 'usage, select, update');
select is(has_schema_privilege(r, 'public', 'create'), r = 'opsfabric_owner', r || ' and CREATE in public') from unnest('{opsfabric_owner,opsfabric_web,opsfabric_service,anon}'::text[]) r;
select is(has_schema_privilege(r, 'ticket_number', 'usage'), r = 'opsfabric_owner', r || ' and the schema of the numbers') from unnest('{opsfabric_owner,opsfabric_web,opsfabric_service,anon}'::text[]) r;
select ok(reloptions @> '{security_invoker=true}', relname || ': a view looks with the eyes of its caller') from pg_class where relkind = 'v' and relnamespace = 'public'::regnamespace;

-- roles
select is(jsonb_build_array(rolsuper, rolbypassrls, rolcreaterole, rolcreatedb, rolreplication, rolcanlogin), jsonb_build_array(false, false, false, false, false, rolname <> 'anon'), rolname || ': attributes')
from pg_roles where rolname in ('opsfabric_owner', 'opsfabric_web', 'opsfabric_service', 'anon');
select is(count(*), 0::bigint, 'none of them is a member of anything, nor has members') from pg_auth_members m
where m.member::regrole::text ~ '^(opsfabric_|anon$)' or m.roleid::regrole::text ~ '^opsfabric_';
select ok(s.setconfig @> array[want], format('%s: %s', role, want))
from (values ('opsfabric_web', 'statement_timeout=4s'), ('opsfabric_web', 'lock_timeout=2s'), ('opsfabric_web', 'idle_in_transaction_session_timeout=5s'), ('opsfabric_web', 'plan_cache_mode=force_generic_plan'),
             ('opsfabric_web', 'enable_seqscan=off'), ('opsfabric_web', 'jit=off'), ('opsfabric_web', 'TimeZone=UTC'), ('opsfabric_web', 'search_path=public, pg_temp'),
             ('opsfabric_service', 'statement_timeout=15s'), ('opsfabric_service', 'lock_timeout=2s'), ('opsfabric_service', 'plan_cache_mode=force_generic_plan'), ('opsfabric_service', 'TimeZone=UTC'),
             ('opsfabric_service', 'search_path=public, pg_temp'), ('opsfabric_owner', 'lock_timeout=5s')) v (role, want)
left join pg_db_role_setting s on s.setrole = to_regrole(v.role) and s.setdatabase = 0;

select * from finish();
rollback;
