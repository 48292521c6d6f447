-- What must never happen is a constraint
begin;
select tap.start();
select plan(89);

create temp table t as select (tap.ticket() -> 'answer' ->> 'ticket_id')::uuid as id;
create temp table other as select (tap.ticket('{}', tap.at(), tap.b()) -> 'answer' ->> 'ticket_id')::uuid as id;

select throws_ok(format('update customers set %s where id = %L', change, tap.a()), '23514', null, 'a firm cannot have ' || change)
from unnest(array['slug = ''Groß''', 'slug = ''a''', 'slug = ''-a-''', 'slug = ''a--b''', 'phone = ''0434435200''', 'phone = ''+0434435200''', 'email = ''Info@x.ch''', 'email = ''x''',
  'timezone = ''Europe/Zürich''', 'timezone = ''Mars/Base''', 'timezone = ''ABC5''', 'website_domain = ''https://x.ch''', 'website_domain = ''X.ch''', 'google_review_link = ''http://x''',
  'plan = ''gold''', 'config = ''[]''', 'modules = ''1''', 'sla_response_minutes = 0', 'name = ''''']) change;
select lives_ok(format('update customers set %s where id = %L', change, tap.a()), 'a firm may have ' || change)
from unnest(array['slug = ''a-1''', 'timezone = ''America/Argentina/Buenos_Aires''', 'timezone = ''UTC''', 'timezone = null', 'config = null, modules = null, quiet_hours_start = null',
  'website_domain = ''anfrage.xn--drfler-wxa.ch''', 'quiet_hours_start = ''00:00'', quiet_hours_end = ''06:00''']) change;

select throws_ok(format('update tickets set %s where id = %L', change, id), state, null, 'a ticket cannot have ' || change)
from t, (values ('status = ''OPEN''', '23514'), ('urgency = ''URGENT''', '23514'), ('source = ''phone''', '23514'), ('contact_phone = ''079''', '23514'), ('job_completed_at = now()', '23514'),
  ('review_due_at = now()', '23514'), ('dedupe_key = ''x''', '23514'), ('summary = repeat(''x'', 10001)', '23514'), ('metadata = ''[]''', '23514'), ('number = null', '23502'),
  (format('dedupe_key = %L', tap.b() || ':x'), '23514')) v (change, state);

select throws_ok(format('insert into contacts (id, customer_id, %s, created_at, seen_at) values (gen_random_uuid(), %L, %s, now(), now())', col, tap.a(), value), state, null, 'a contact cannot have ' || col || ' ' || value)
from (values ('phone', '''+41791234567''', '23505'), ('phone', '''0041791234567''', '23514'), ('email', '''A@b.ch''', '23514'), ('name', '''nobody''', '23514'), ('phone, language', '''+41790000099'', ''rm''', '23514')) v (col, value, state);
select lives_ok(format('insert into contacts (id, customer_id, %s, created_at, seen_at) values (gen_random_uuid(), %L, %s, now(), now())', col, tenant, value), 'but ' || col || ' ' || value)
from (values ('email', tap.a(), '''a@b.ch'''), ('phone, email', tap.a(), '''+41790000098'', ''a@b.ch'''), ('phone', tap.b(), '''+41790000098'''), ('channel_id', tap.a(), '''wa-1''')) v (col, tenant, value);
select throws_ok(format('insert into contacts (id, customer_id, %s, created_at, seen_at) values (gen_random_uuid(), %L, %s, now(), now())', col, tap.a(), value), '23505', null, 'and not twice: ' || col)
from (values ('email', '''a@b.ch'''), ('channel_id', '''wa-1''')) v (col, value);

-- one open ticket per key; closed ones do not count
create function pg_temp.copy(change jsonb) returns void language sql volatile
begin atomic
  insert into tickets select (jsonb_populate_record(tickets, jsonb_build_object('id', gen_random_uuid(), 'number', 900 + (random() * 1e6)::int) || change)).* from tickets where id = (select id from t);
end;
select throws_ok('select pg_temp.copy(''{}'')', '23505', null, 'a second open ticket of the day');
select lives_ok('select pg_temp.copy(''{"status": "CLOSED"}'')', 'a closed one beside it') from generate_series(1, 2);
select throws_ok('select pg_temp.copy(''{"number": 1, "status": "CLOSED"}'')', '23505', null, 'one number for two tickets');

-- rows of one tenant never point to another's, whoever writes them
select throws_ok(format('insert into %s', command), '23503', null, 'a foreign row: ' || split_part(command, ' ', 1))
from (select id as foreign_id from other) o, lateral (values
  (format('ticket_events (id, customer_id, ticket_id, event_type, created_at) values (gen_random_uuid(), %L, %L, ''x'', now())', tap.a(), foreign_id)),
  (format('sms_log (id, customer_id, ticket_id, direction, body, status, status_at, created_at) values (gen_random_uuid(), %L, %L, ''inbound'', ''x'', ''received'', now(), now())', tap.a(), foreign_id)),
  (format('appointments (id, customer_id, ticket_id, starts_at, ends_at, created_at) values (gen_random_uuid(), %L, %L, now(), now() + interval ''1 hour'', now())', tap.a(), foreign_id)),
  (format('review_links (code, customer_id, ticket_id, created_at) values (''abcdef'', %L, %L, now())', tap.a(), foreign_id)),
  (format('alerts (id, customer_id, ticket_id, kind, told, told_at, first_id) values (gen_random_uuid(), %L, %L, ''x'', ''x'', now(), gen_random_uuid())', tap.a(), foreign_id)),
  (format('consents (id, customer_id, ticket_id, text_version, language, given_at) values (gen_random_uuid(), %L, %L, ''1'', ''de'', now())', tap.a(), foreign_id))) v (command);
select throws_ok(format('update tickets set contact_id = (select contact_id from tickets where id = %L) where id = %L', other.id, t.id), '23503', null, 'a foreign contact') from t, other;

-- messages
create function pg_temp.message(change jsonb) returns void language sql volatile
begin atomic
  insert into sms_log select (jsonb_populate_record(sms_log, jsonb_build_object('id', gen_random_uuid()) || change)).* from sms_log where ticket_id = (select id from t);
end;
select lives_ok('select pg_temp.message(''{}'')', 'a message');
select throws_ok(format('select pg_temp.message(%L)', change), '23514', null, 'not with ' || change)
from unnest(array['{"status": "sending"}', '{"status": "received"}', '{"provider": null}', '{"to_number": null}', '{"to_number": "079"}', '{"not_before": null}', '{"expires_at": null}', '{"status": "suppressed"}',
  '{"status": "lost"}', '{"direction": "both"}', '{"direction": "inbound"}', '{"channel": "fax"}']) change;
select lives_ok('select pg_temp.message(''{"status": "suppressed", "reason": "withheld", "to_number": null, "provider": null}'')', 'a suppressed one needs only its reason');

-- events
select throws_ok(format($$insert into inbound_events (id, customer_id, provider, event_id, fingerprint, verified, received_at) values (gen_random_uuid(), %L, 'p', 'e', 'f', true, now()), (gen_random_uuid(), %1$L, 'p', 'e', 'g', true, now())$$, tenant),
  '23505', null, 'one event twice, tenant ' || coalesce(tenant::text, 'none')) from unnest(array[tap.a(), null]) tenant;
select lives_ok(format($$insert into inbound_events (id, customer_id, provider, event_id, fingerprint, verified, received_at) values (gen_random_uuid(), %L, 'p', 'e', 'f', true, now()), (gen_random_uuid(), %L, 'p', 'e', 'f', true, now()), (gen_random_uuid(), null, 'p', 'e', 'f', true, now())$$, tap.a(), tap.b()),
  'one id at two firms');

-- appointments
select lives_ok(format($$insert into appointments (id, customer_id, ticket_id, starts_at, ends_at, who, created_at) values (gen_random_uuid(), %L, %L, '2024-03-04 10:00Z', '2024-03-04 12:00Z', 'Beat', now())$$, tap.a(), id), 'an appointment') from t;
select throws_ok(format($$insert into appointments (id, customer_id, ticket_id, starts_at, ends_at, who, created_at) values (gen_random_uuid(), %L, %L, %L, %L, 'Beat', now())$$, tap.a(), id, a, b), state, null, format('%s to %s', a, b))
from t, (values ('2024-03-04 11:59Z', '2024-03-04 13:00Z', '23P01'), ('2024-03-04 09:00Z', '2024-03-04 14:00Z', '23P01'), ('2024-03-04 14:00Z', '2024-03-04 14:00Z', '23514'), ('2024-03-04 14:00Z', '2024-05-04 14:00Z', '23514')) v (a, b, state);
select lives_ok(format($$insert into appointments (id, customer_id, ticket_id, starts_at, ends_at, who, created_at) values (gen_random_uuid(), %L, %L, '2024-03-04 12:00Z', '2024-03-04 13:00Z', %L, now())$$, tenant, id, who), who || ' next, at ' || tenant)
from (select tap.a() as tenant, id from t union all select tap.b(), id from other) x, unnest('{Beat,Carla}'::text[]) who;

-- a firm without data can be removed, with its sequence; one with tickets cannot
select throws_ok(format('delete from customers where id = %L', tap.a()), '23503', null, 'a firm with tickets stays');
insert into customers (id, name, slug, phone) values ('0190a000-0000-7000-8000-0000000000ff', 'Kurz', 'kurz', '+41441112233');
select isnt(to_regclass('ticket_number."0190a000-0000-7000-8000-0000000000ff"'), null, 'a new firm has its numbers');
delete from customers where slug = 'kurz';
select is(to_regclass('ticket_number."0190a000-0000-7000-8000-0000000000ff"'), null, 'a removed one leaves nothing');
select is(count(*), 0::bigint, 'nor its addresses') from tenant_addresses where address = '+41441112233';

select * from finish();
rollback;
