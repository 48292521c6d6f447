-- ROLE_CHECK: what a program looks at before it starts: a role that could get round row level security, or an old schema
-- role: any
-- > role, superuser, bypassrls, owns_tables, member_of, schema_version
select r.rolname as role, r.rolsuper as superuser, r.rolbypassrls as bypassrls,
       exists (select from pg_class c where c.relnamespace = 'public'::regnamespace and c.relname = 'customers' and c.relowner = r.oid) as owns_tables,
       (select string_agg(g.rolname, ', ' order by g.rolname) from pg_roles g
        where g.oid <> r.oid and pg_has_role(r.oid, g.oid, 'member')
          and (g.rolsuper or g.rolbypassrls
               or g.rolname in ('opsfabric_owner', 'opsfabric_web', 'opsfabric_service', 'anon', 'authenticated', 'service_role'))) as member_of,
       (select max(version) from schema_migrations) as schema_version
from pg_roles r
where r.rolname = current_user
