-- Events that lead to nothing, events nobody is meant by, and who is meant: look-ups before any tenant is set
begin;
select tap.start();
select plan(62);

-- unmatched: written, never read, repeated without harm
create function pg_temp.unmatched(event text, verified boolean default true) returns void language sql volatile
begin atomic
  select tap.call('event_unmatched', jsonb_build_object('event_row', gen_random_uuid(), 'provider', 'twilio', 'event_id', event, 'fingerprint', 'f', 'verified', verified,
    'outcome', 'unmatched', 'answer', '{"status": "ignored"}', 'raw', 'body', 'now', tap.at()));
end;
select lives_ok('select pg_temp.unmatched(''u1'')', 'an event for nobody') from generate_series(1, 2);
select is(jsonb_agg(jsonb_build_array(customer_id, outcome, raw, verified)), '[[null, "unmatched", "body", true]]', 'is kept once') from inbound_events where event_id = 'u1';
select lives_ok('select pg_temp.unmatched(''u2'', false)', 'a request that could not be verified');
select is(verified, false, 'is in quarantine') from inbound_events where event_id = 'u2';
set local role opsfabric_web;
select is(count(*), 0::bigint, 'a handler does not see them') from inbound_events;
select set_config('app.customer_id', tap.a()::text, true);
select is(count(*), 0::bigint, 'whatever the tenant') from inbound_events;
select throws_ok($$insert into inbound_events (id, provider, event_id, fingerprint, verified, received_at) values (gen_random_uuid(), 'x', 'x', 'x', true, now())$$, '42501', null, 'with a tenant nothing is unmatched');
reset role;
select set_config('app.customer_id', '', true);
select throws_ok(format($$insert into inbound_events (id, customer_id, provider, event_id, fingerprint, verified, received_at) values (gen_random_uuid(), %L, 'x', 'x', 'x', false, now())$$, tap.a()),
  '23514', null, 'what is not verified never counts as a tenant''s event');

-- a flood of what cannot be verified is kept up to a bound, and nobody settled it
insert into inbound_events (id, provider, event_id, fingerprint, verified, received_at)
select gen_random_uuid(), 'flood', n::text, 'f', false, tap.at() from generate_series(1, 299) n;
select lives_ok('select pg_temp.unmatched(''u4'', false), pg_temp.unmatched(''u5'')', 'one more, and one of a known sender');
select is(array_agg(event_id order by event_id), '{u5}', 'only the second is kept') from inbound_events where event_id in ('u4', 'u5');
update inbound_events set received_at = tap.at(-61) where provider = 'flood';
select lives_ok('select pg_temp.unmatched(''u6'', false)', 'an hour later there is room');
select is(count(*), 1::bigint, 'again') from inbound_events where event_id = 'u6';
insert into inbound_events (id, provider, event_id, fingerprint, verified, received_at)
select gen_random_uuid(), 'flood', n::text, 'f', false, tap.at(-999) from generate_series(300, 20000) n;
select is(quarantine_has_room(tap.at()), false, 'nobody looked at 20,000');
update inbound_events set settled = 'discarded' where provider = 'flood';
select is(quarantine_has_room(tap.at()), true, 'until somebody does');
delete from inbound_events where provider = 'flood';

-- an operator settles it once
create function pg_temp.id_of(event text) returns text language sql stable return (select id::text from inbound_events where event_id = event);
create function pg_temp.claim(event text) returns text language sql volatile
begin atomic
  select coalesce(r ->> 'settled', 'nothing') from tap.call('command_inbound_claim', jsonb_build_object('id', pg_temp.id_of(event))) r;
end;
create function pg_temp.discard(event text) returns text language sql volatile
begin atomic
  select coalesce(r ->> 'settled', 'nothing') from tap.call('command_inbound_discard', jsonb_build_object('id', pg_temp.id_of(event), 'now', tap.at())) r;
end;
create function pg_temp.settle(event text, answer text) returns void language sql volatile
begin atomic
  select tap.call('command_inbound_settle', jsonb_build_object('id', pg_temp.id_of(event), 'answer', answer, 'now', tap.at()));
end;
select is(pg_temp.claim('u1'), 'nothing', 'the first release finds it waiting');
select is(pg_temp.claim('u1'), 'releasing', 'the second finds the first');
select is(pg_temp.discard('u1'), 'releasing', 'who would discard it as well');
select is(jsonb_build_array(settled, raw), '["releasing", "body"]', 'and does not') from inbound_events where event_id = 'u1';
select lives_ok($$select pg_temp.settle('u1', null)$$, 'what could not be taken');
select is(pg_temp.claim('u1'), 'nothing', 'waits again');
select lives_ok($$select pg_temp.settle('u1', '{"status": "queued"}'), pg_temp.settle('u1', null), pg_temp.settle('u1', '{}')$$, 'what was decided');
select is(jsonb_build_array(settled, answer, released_at = tap.at()), '["released", {"status": "queued"}, true]', 'stays') from inbound_events where event_id = 'u1';
select is(pg_temp.discard('u2'), 'nothing', 'what is discarded');
select is(jsonb_build_array(settled, raw), '["discarded", null]', 'is forgotten') from inbound_events where event_id = 'u2';

-- ignored
create function pg_temp.ignored(event text, fingerprint text, answer text, tenant uuid) returns jsonb language sql volatile
begin atomic
  select tap.call('event_ignored', jsonb_build_object('event_row', gen_random_uuid(), 'provider', 'twilio', 'event_id', event, 'fingerprint', fingerprint, 'outcome', 'completed',
    'answer', answer, 'raw', null, 'now', tap.at()), tenant);
end;
select is(pg_temp.ignored('i1', 'f', '{"status": "ignored"}', tap.a()), '{"replay": false, "same_body": true, "answer": {"status": "ignored"}}', 'an event that leads to nothing');
select is(pg_temp.ignored('i1', 'f', '{"status": "other"}', tap.a()), '{"replay": true, "same_body": true, "answer": {"status": "ignored"}}', 'gets its first answer again');
select is(pg_temp.ignored('i1', 'g', '{}', tap.a()) -> 'same_body', 'false', 'another body is seen');
select is(pg_temp.ignored('i1', 'f', '{"status": "mine"}', tap.b()), '{"replay": false, "same_body": true, "answer": {"status": "mine"}}', 'one tenant''s event is not another''s');
select is(tap.missed('{"provider": "twilio", "event_id": "i1"}') -> 'answer', '{"status": "ignored"}', 'nor is a call what was ignored before');
select is(count(*), 0::bigint, 'so it opens no ticket') from tickets;

-- look-ups
select is(r ->> 'slug', 'doerfler-ag', 'by slug') from tap.call('tenant_by_slug', '{"slug": "doerfler-ag"}') r;
select is(r - '{customer_id,slug,name}'::text[], '{"phone": "+41434435200", "email": "info@doerfler.example", "sms_number": "+41790000001", "website_domain": "doerfler.example",
  "google_review_link": "https://g.page/r/doerfler/review", "timezone": "Europe/Zurich", "quiet_hours_start": "21:00:00", "quiet_hours_end": "07:00:00", "sla_response_minutes": 120,
  "review_delay_hours": 2, "config": {}, "modules": {}, "active": true}', 'what is not set has its default') from tap.call('tenant_by_slug', '{"slug": "doerfler-ag"}') r;
select is(count(*), 0::bigint, 'an unknown slug') from tap.call('tenant_by_slug', '{"slug": "nobody"}') r;
update customers set timezone = 'America/New_York', quiet_hours_start = '22:30', sla_response_minutes = 30, active = false, modules = '{"reviews": false}' where id = tap.b();
select is(jsonb_build_array(r -> 'timezone', r -> 'quiet_hours_start', r -> 'quiet_hours_end', r -> 'sla_response_minutes', r -> 'active', r -> 'modules'),
  '["America/New_York", "22:30:00", "07:00:00", 30, false, {"reviews": false}]', 'what is set is what counts') from tap.call('tenant_by_slug', '{"slug": "martin-sa"}') r;
create function pg_temp.whose(channel text, address text) returns text language sql volatile
begin atomic
  select tap.call('tenant_by_address', jsonb_build_object('channel', channel, 'address', address)) ->> 'slug';
end;
select is(pg_temp.whose(c, a), s, c || ' ' || a)
from (values ('call', '+41434435200', 'doerfler-ag'), ('call', '+41790000001', 'doerfler-ag'), ('phone', '+41434435200', 'doerfler-ag'), ('phone', '+41790000001', null),
             ('sms', '+41790000001', 'doerfler-ag'), ('sms', '+41434435200', null), ('email', 'info@martin.example', 'martin-sa'), ('domain', 'martin.example', 'martin-sa'),
             ('call', 'martin.example', null), ('call', '+41000000000', null)) v (c, a, s);

-- addresses follow their firm
update customers set phone = '+41434435299', sms_number = '+41434435299', email = null where id = tap.a();
select is(pg_temp.whose('call', '+41434435200'), null, 'a number given up');
select is(pg_temp.whose('call', '+41434435299'), 'doerfler-ag', 'and its successor');
select is(jsonb_agg(channel order by channel), '["domain", "phone", "sms"]', 'a number may be both') from tenant_addresses where customer_id = tap.a();
select throws_ok(format('update customers set %s = %L where id = %L', col, value, tap.b()), state, null, 'another firm''s ' || col || ' cannot be taken')
from (values ('phone', '+41434435299', '23505'), ('sms_number', '+41434435299', '23505'), ('website_domain', 'doerfler.example', '23505')) v (col, value, state);
update customers set sms_number = null where id = tap.a();
select throws_ok(format('update customers set sms_number = %L where id = %L', '+41434435299', tap.b()), '23P01', null, 'nor its phone as our SMS number');
insert into tenant_addresses values ('whatsapp', '104411', tap.a());
update customers set phone = null where id = tap.a();
select is(jsonb_agg(channel order by channel), '["domain", "whatsapp"]', 'what was entered by hand stays') from tenant_addresses where customer_id = tap.a();

-- tokens
insert into tokens (id, customer_id, hash, scope, revoked_at) values (gen_random_uuid(), tap.a(), repeat('a', 64), 'api', null), (gen_random_uuid(), tap.a(), repeat('b', 64), 'api', now());
select is(r - 'token_id', jsonb_build_object('customer_id', tap.a(), 'slug', 'doerfler-ag', 'scope', 'api'), 'a token knows its tenant') from tap.call('token_tenant', jsonb_build_object('hash', repeat('a', 64), 'now', '2026-11-23T10:00:00Z')) r;
select is(count(*), 0::bigint, 'a revoked one does not') from tap.call('token_tenant', jsonb_build_object('hash', repeat('b', 64), 'now', '2026-11-23T10:00:00Z')) r;

-- programs ask who they are
select is(r - 'schema_version', '{"role": "opsfabric_web", "superuser": false, "bypassrls": false, "owns_tables": false, "member_of": null}', 'ROLE_CHECK of a sound role') from tap.call('role_check', '{}') r;
select is((r ->> 'schema_version')::int, (select max(version) from schema_migrations), 'and the schema''s version') from tap.call('role_check', '{}') r;
select is((r ->> 'schema_version')::int, (select max(version) from schema_migrations), 'HEALTH knows it too') from tap.call('health', '{}') r;
grant opsfabric_service to opsfabric_web;
select is(r ->> 'member_of', 'opsfabric_service', 'a membership is seen') from tap.call('role_check', '{}') r;
revoke opsfabric_service from opsfabric_web;
alter role opsfabric_web bypassrls;
select is(r -> 'bypassrls', 'true', 'BYPASSRLS is seen') from tap.call('role_check', '{}') r;
set local role opsfabric_owner;
create temp table owner as execute role_check;
select is(jsonb_build_array(role, owns_tables), '["opsfabric_owner", true]', 'the owner is seen') from owner;
reset role;
create temp table super as execute role_check;
select is(superuser, true, 'a superuser is seen') from super;

select * from finish();
rollback;
