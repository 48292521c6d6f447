-- Isolation: every table x every verb x a foreign tenant gives nothing; no tenant gives nothing. Generated over the catalog:
-- a new table of tenants is tried too, and must have rows of both firms here.
begin;
select tap.start();
select no_plan();

-- both firms have a row in every table
select tap.ticket('{"consent": {"version": "1", "language": "de"}, "phone": "+41791110001"}', tap.at(), t) from unnest(array[tap.a(), tap.b()]) t;
insert into appointments (id, customer_id, ticket_id, starts_at, ends_at, who, created_at) select gen_random_uuid(), customer_id, id, tap.at(), tap.at(60), 'Beat', tap.at() from tickets;
insert into review_links (code, customer_id, ticket_id, created_at) select left(replace(id::text, '-', ''), 12), customer_id, id, tap.at() from tickets;
insert into alerts (id, customer_id, ticket_id, message_id, kind, told, told_at, first_id) select id, customer_id, ticket_id, id, 'emergency', '+41791234567', tap.at(), id from sms_log;
insert into photos (id, customer_id, ticket_id, place, sha256, bytes, width, height, created_at) select gen_random_uuid(), customer_id, id, 1, repeat('a', 64), 1, 1, 1, tap.at() from tickets;
insert into opt_outs select id, repeat('a', 64), tap.at() from customers;
insert into segment_usage select id, '2024-03-04', 1 from customers;
insert into tokens (id, customer_id, hash, scope) select gen_random_uuid(), id, md5(id::text), 'api' from customers;
insert into secrets (id, customer_id, name, sealed) select gen_random_uuid(), id, 'twilio', 'x' from customers;

create temp table target as
select c.relname as t, case c.relname when 'customers' then 'id' else 'customer_id' end as col
from pg_class c
where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p')
  and (c.relname = 'customers' or exists (select from pg_attribute a where a.attrelid = c.oid and a.attname = 'customer_id' and not a.attisdropped));

-- What happens if `role`, with `tenant` set, tries it on the rows of `whose`: rows touched, or the error
create function pg_temp.attempt(role text, tenant uuid, verb text, target target, whose uuid) returns text language plpgsql as $$
declare
  command text;
  foreign_row jsonb;
  column_name text;
  n bigint;
  result text;
begin
  execute format('select to_jsonb(x) from %I x where %I = %L limit 1', target.t, target.col, whose) into foreign_row;
  select a.attname into column_name from pg_attribute a
  where a.attrelid = target.t::regclass and a.attnum > 0 and not a.attisdropped and has_column_privilege(role, a.attrelid, a.attnum, 'update') limit 1;
  command := case verb
    when 'select' then format('select 1 from %I where %I = %L', target.t, target.col, whose)
    when 'insert' then format('insert into %I overriding system value select (jsonb_populate_record(null::%1$I, %L)).*', target.t, foreign_row)
    when 'update' then format('update %I set %I = %2$I where %I = %L', target.t, coalesce(column_name, target.col), target.col, whose)
    when 'delete' then format('delete from %I where %I = %L', target.t, target.col, whose)
    when 'move' then format('update %1$I set %2$I = %3$L where %2$I = %4$L', target.t, target.col, whose, tenant)
  end;
  begin
    execute format('set local role %I', role);
    perform set_config('app.customer_id', coalesce(tenant::text, ''), true);
    execute command;
    get diagnostics n = row_count;
    result := n::text;
    raise exception 'undo' using errcode = 'ZZZZZ';
  exception
    when sqlstate 'ZZZZZ' then null;
    when others then result := sqlstate;
  end;
  reset role;
  perform set_config('app.customer_id', '', true);
  return result;
end $$;

create function pg_temp.rows_of(target target, whose uuid) returns bigint language plpgsql as $$
declare
  n bigint;
begin
  execute format('select count(*) from %I where %I = %L', target.t, target.col, whose) into n;
  return n;
end $$;

select cmp_ok(count(*), '>=', 14::bigint, 'tables are found') from target;
select ok(pg_temp.rows_of(x, w) > 0, format('%s has a row of each firm', x.t)) from target x, unnest(array[tap.a(), tap.b()]) w;

-- a foreign tenant
select ok(r = '0' or r = '42501', format('%s: a tenant cannot %s another''s rows (%s)', x.t, verb, r))
from target x, unnest('{select,update,delete}'::text[]) verb, lateral (select pg_temp.attempt('opsfabric_web', tap.a(), verb, x, tap.b()) as r) y;
select is(pg_temp.attempt('opsfabric_web', tap.a(), 'insert', x, tap.b()), '42501', format('%s: nor write rows for it', x.t)) from target x;
select is(pg_temp.attempt('opsfabric_web', tap.a(), 'move', x, tap.b()), '42501', format('%s: nor give it its own', x.t)) from target x;

-- the same with the own tenant works wherever the verb is granted: the attempts above fail for the right reason
select is(pg_temp.attempt('opsfabric_web', tap.a(), verb, x, tap.a()) <> '42501', true, format('%s: its own rows it can %s', x.t, verb))
from target x, unnest('{select,update,delete}'::text[]) verb
where case verb when 'update' then has_any_column_privilege('opsfabric_web', x.t, 'update') else has_table_privilege('opsfabric_web', x.t, verb) end;
select is(pg_temp.attempt('opsfabric_web', tap.a(), 'select', x, tap.a()), pg_temp.rows_of(x, tap.a())::text, format('%s: all of them', x.t))
from target x where has_table_privilege('opsfabric_web', x.t, 'select');
select is(pg_temp.attempt('opsfabric_web', tap.a(), 'insert', x, tap.a()), '23505', format('%s: a second copy fails at its key', x.t))
from target x where has_table_privilege('opsfabric_web', x.t, 'insert');

-- no tenant
select ok(r = '0' or r = '42501', format('%s: without a tenant %s gives nothing (%s)', x.t, verb, r))
from target x, unnest('{select,update,delete}'::text[]) verb, unnest(array[tap.a(), tap.b()]) w, lateral (select pg_temp.attempt('opsfabric_web', null, verb, x, w) as r) y;
select is(pg_temp.attempt('opsfabric_web', null, 'insert', x, tap.a()), '42501', format('%s: without a tenant nothing is written', x.t)) from target x;

-- the service sees all, the owner too; anon nothing
select is(pg_temp.attempt(role, null, 'select', x, w), pg_temp.rows_of(x, w)::text, format('%s: %s sees all', x.t, role))
from target x, unnest('{opsfabric_service,opsfabric_owner}'::text[]) role, unnest(array[tap.a(), tap.b()]) w;
select is(pg_temp.attempt('anon', tap.a(), verb, x, tap.a()), '42501', format('%s: anon cannot %s', x.t, verb)) from target x, unnest('{select,insert,update,delete}'::text[]) verb;

-- a history is added to, never changed
select is(pg_temp.attempt(role, tap.a(), verb, x, tap.a()), '42501', format('%s may not %s an event', role, verb))
from target x, unnest('{opsfabric_web,opsfabric_service}'::text[]) role, unnest('{update,delete}'::text[]) verb where x.t = 'ticket_events';

-- numbers: nobody draws another tenant's, and without a tenant there are none
set local role opsfabric_web;
select throws_ok('select next_ticket_number()', '22004', null, 'no number without a tenant');
select throws_ok(format('select nextval(%L)', 'ticket_number."' || tap.b() || '"'), '42501', null, 'nor past the function');
reset role;

-- what vouches for a firm's senders is nobody else's
insert into tokens (id, customer_id, hash, scope) values (gen_random_uuid(), tap.b(), repeat('w', 64), 'webhook');
insert into secrets (id, customer_id, name, sealed) values (gen_random_uuid(), tap.b(), 'twilio.auth_token', '\x0102');
select is(jsonb_agg(r), '[{"has_token": false, "twilio": null}]', 'another firm''s token and secret are not seen') from tap.call('webhook_trust', '{}', tap.a()) r;
select is(jsonb_agg(r), '[{"has_token": true, "twilio": "\\x0102"}]', 'the own are') from tap.call('webhook_trust', '{}', tap.b()) r;
update tokens set revoked_at = now() where hash = repeat('w', 64);
select is(jsonb_agg(r -> 'has_token'), '[false]', 'a revoked one counts no more') from tap.call('webhook_trust', '{}', tap.b()) r;
select is(jsonb_agg(r), '[{"has_token": false, "twilio": null}]', 'without a tenant there is nothing') from tap.call('webhook_trust', '{}') r;

select * from finish();
rollback;
