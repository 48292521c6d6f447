-- 0001_ground - what every later migration stands on: domains, the tenant of a transaction, protection of tables

do $$
declare
  taken text;
begin
  select string_agg(c.relname, ', ' order by c.relname) into taken
  from pg_class c
  where c.relnamespace = 'public'::regnamespace
    and c.relname in ('customers', 'tenants', 'tenant_addresses', 'tokens', 'secrets', 'contacts', 'tickets', 'ticket_events',
                      'appointments', 'review_links', 'consents', 'alerts', 'sms_log', 'segment_usage', 'inbound_events',
                      'heartbeats');
  if taken is not null then
    raise exception 'this database already has tables under our names that OpsFabric did not make: %', taken
      using hint = 'Nothing was changed. Migrate an empty database, then copy the old data into it with "opsfabric import".';
  end if;
end $$;

create extension if not exists btree_gist;      -- appointments of one person must not overlap

-- Other people's default privileges (Supabase grants everything on everything to its roles) and Postgres's own (EXECUTE for
-- PUBLIC) are taken back from what we create. Run at the end of every migration.
create function close_to_strangers() returns void language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  open record;
begin
  for open in
    select o.kind, o.name, case when a.grantee = 0 then 'public' else quote_ident(r.rolname) end as grantee
    from (
      select case when c.relkind = 'S' then 'sequence' else 'table' end as kind, c.oid::regclass::text as name,
             coalesce(c.relacl, acldefault(case when c.relkind = 'S' then 's'::"char" else 'r'::"char" end, c.relowner)) as acl
      from pg_class c
      where c.relowner = current_user::regrole and c.relkind in ('r', 'p', 'v', 'm', 'S')
      union all
      select 'function', p.oid::regprocedure::text, coalesce(p.proacl, acldefault('f', p.proowner))
      from pg_proc p where p.proowner = current_user::regrole
      union all
      select 'schema', quote_ident(n.nspname), coalesce(n.nspacl, acldefault('n', n.nspowner))
      from pg_namespace n where n.nspowner = current_user::regrole) o,
      aclexplode(o.acl) a left join pg_roles r on r.oid = a.grantee
    where a.grantee = 0 or r.rolname not in (current_user, 'opsfabric_web', 'opsfabric_service')
    group by 1, 2, 3
  loop
    execute format('revoke all on %s %s from %s', open.kind, open.name, open.grantee);
  end loop;
end $$;

-- The tenant of the transaction. After it the setting is the empty string, not NULL.
create function app_tenant() returns uuid language sql stable
  return nullif(current_setting('app.customer_id', true), '')::uuid;

-- FORCE binds the owner too, and with it the look-ups that run as the owner: it has a policy of its own.
create function protect(tenant_table regclass, tenant_column name) returns void language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  execute format('alter table %s enable row level security', tenant_table);
  execute format('alter table %s force row level security', tenant_table);
  -- "is true" and the sub-select hide the condition from the planner. Statements that find rows by tenant say so themselves; for
  -- all others an index with customer_id in it looks as good as the right one while the tables are small or the firm is new,
  -- and plans are kept.
  execute format('create policy tenant on %s to opsfabric_web using ((%I = (select public.app_tenant())) is true) with check (%2$I = public.app_tenant())',
                 tenant_table, tenant_column);
  execute format('create policy everything on %s to opsfabric_owner, opsfabric_service using (true) with check (true)',
                 tenant_table);
end $$;

create function higher_urgency(a text, b text) returns text language sql immutable
  return case when 'HIGH' in (a, b) then 'HIGH' when 'MED' in (a, b) then 'MED' else 'LOW' end;

create domain e164 as text check (value ~ '^\+[1-9][0-9]{6,14}$');
create domain mail_address as text check (value = lower(value) and value ~ '^[^@[:space:]]+@[^@[:space:]]+$' and length(value) <= 254);
create domain language_code as text check (value in ('de', 'fr', 'it', 'en'));

grant execute on function app_tenant(), higher_urgency(text, text) to opsfabric_web, opsfabric_service;
-- Programs refuse to start with a schema older than they need.
grant select on schema_migrations to opsfabric_web, opsfabric_service;

select close_to_strangers();
