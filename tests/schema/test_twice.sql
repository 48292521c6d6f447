-- Twice: a pipeline whose connection broke is run again with the same ids, in a transaction of its own. What did commit the first
-- time is done once, and the second answer is the first one. Nothing here is rolled back: it comes last.
set client_min_messages = warning;
select tap.start();
select plan(38);

-- the answer without the word that says it is a repeated one
create function pg_temp.run(which text, args jsonb, tenant uuid default tap.a()) returns jsonb language sql volatile
  return (select jsonb_agg(r - 'replay') from tap.event(which, args, tenant) r);
create temp table part (name text primary key, which text, args jsonb, tenant uuid, answer jsonb, rows jsonb);
create function pg_temp.rows() returns jsonb language sql stable
  return jsonb_build_array((select count(*) from tickets), (select count(*) from ticket_events), (select count(*) from sms_log), (select count(*) from contacts),
                           (select count(*) from inbound_events), (select count(*) from appointments), (select count(*) from customers), (select count(*) from tokens), (select count(*) from alerts), (select count(*) from photos));
create procedure pg_temp.first(named text, statement text, params jsonb, tenant uuid default tap.a()) language plpgsql as $$
declare
  r jsonb := pg_temp.run(statement, params, tenant);
begin
  insert into part values (named, statement, params, tenant, r, pg_temp.rows());
end $$;
create function pg_temp.args(named text) returns jsonb language sql stable return (select args from part where name = named);
create function pg_temp.again(named text) returns setof text language plpgsql as $$
declare
  p part;
begin
  select * into strict p from part where name = named;
  return next isnt(p.answer, null, named || ': answered');
  return next is(pg_temp.run(p.which, p.args, p.tenant), p.answer, named || ': the second answer is the first');
  return next is(pg_temp.rows(), p.rows, named || ': done once');
end $$;

call pg_temp.first('request', 'ticket_open', tap.ticket_args('{"phone": "+41795550001"}', tap.at(), tap.a()));
select pg_temp.again('request');
call pg_temp.first('call', 'missed_call_open', tap.missed_args('{"phone": "+41795550002"}', tap.at(), tap.a()));
select pg_temp.again('call');
call pg_temp.first('reply', 'sms_reply_receive', tap.reply_args('{"phone": "+41795550003", "meaning": "urgent"}', tap.at(), tap.a()));
select pg_temp.again('reply');
call pg_temp.first('ignored', 'event_ignored', jsonb_build_object('event_row', gen_random_uuid(), 'provider', 'test', 'event_id', 'ignored', 'fingerprint', 'f',
  'outcome', 'ignored', 'answer', '{"status": "ignored"}', 'raw', 'x', 'now', tap.at()));
select pg_temp.again('ignored');

create function pg_temp.move(old text, new text, more jsonb) returns jsonb language sql volatile
  return (select jsonb_build_object('ticket_id', id, 'old_status', old, 'new_status', new, 'now', tap.at(5), 'event_id', gen_random_uuid(), 'actor', 'Anna',
    'message_id', gen_random_uuid(), 'fallback_language', 'de', 'sender', '+41790000001', 'carrier', 'console', 'not_before', tap.at(5),
    'expires_at', tap.at(999), 'texts', tap.texts(false)) || more from tickets where contact_phone = '+41795550001');
call pg_temp.first('appointment', 'ticket_move', pg_temp.move('NEW', 'SCHEDULED', jsonb_build_object('appointment_id', gen_random_uuid(),
  'starts_at', tap.at(600), 'ends_at', tap.at(700), 'who', 'Twice')));
select pg_temp.again('appointment');
-- and when staff have moved on in between, even back to where it began
call pg_temp.first('move', 'ticket_move', pg_temp.move('SCHEDULED', 'NEW', jsonb_build_object('not_before', tap.at(60))));
select is(pg_temp.run('ticket_move', args), answer, 'the first of two moves, again after the second') from part where name = 'appointment';
select is(answer -> 0 ->> 'message', 'deferred', 'the message of the second waits') from part where name = 'move';
select pg_temp.again('move');

call pg_temp.first('firm', 'command_tenant_save', jsonb_build_object('id', '0190a000-0000-7000-8000-0000000000dd', 'name', 'Twice', 'slug', 'twice', 'now', tap.at()), null);
select is(pg_temp.run('command_tenant_save', args, null), answer, 'a new firm is saved once') from part where name = 'firm';
call pg_temp.first('firm changed', 'command_tenant_save', pg_temp.args('firm') || jsonb_build_object('name', 'Zweimal', 'now', tap.at(1), 'seen_at', tap.at()), null);
select is(pg_temp.run('command_tenant_save', args, null), answer, 'and changed once') from part where name = 'firm changed';
select is(pg_temp.run('command_tenant_save', args || jsonb_build_object('now', tap.at(2)), null), null, 'who saw it before that is told') from part where name = 'firm changed';
call pg_temp.first('token', 'command_token_create', jsonb_build_object('id', gen_random_uuid(), 'slug', 'twice', 'hash', repeat('ab', 32), 'scope', 'webhook', 'now', tap.at()), null);
select pg_temp.again('token');

insert into review_links (code, customer_id, ticket_id, created_at) select 'twiceTWICE12', tap.a(), id, tap.at() from tickets where contact_phone = '+41795550001';
call pg_temp.first('click', 'review_click', jsonb_build_object('code', 'twiceTWICE12', 'counts', true, 'now', tap.at(9), 'event_id', gen_random_uuid()));
select pg_temp.again('click');

call pg_temp.first('alarm', 'ticket_open', tap.ticket_args(jsonb_build_object('phone', '+41795550004', 'urgency', 'HIGH', 'alert', jsonb_build_object('id', gen_random_uuid(),
  'message_id', gen_random_uuid(), 'event_id', gen_random_uuid(), 'kind', 'emergency', 'template', 'alert', 'phone', '+41790000011', 'body', 'x', 'segments', 1,
  'sender', '+41790000001', 'carrier', 'console', 'code_hash', repeat('a', 64), 'next_at', tap.at(5), 'not_before', tap.at(), 'expires_at', tap.at(60))), tap.at(), tap.a()));
select pg_temp.again('alarm');
call pg_temp.first('button', 'alert_answer', jsonb_build_object('code_hash', repeat('a', 64), 'now', tap.at(9), 'event_id', gen_random_uuid()));
select pg_temp.again('button');

create function pg_temp.photo() returns jsonb language sql volatile
  return (select jsonb_build_object('ticket_id', id, 'photo_id', gen_random_uuid(), 'hash', repeat('c', 64), 'bytes', 9, 'width', 1, 'height', 1,
    'event_id', gen_random_uuid(), 'now', tap.at(9)) from tickets where contact_phone = '+41795550004');
call pg_temp.first('photo', 'photo_add', pg_temp.photo());
select pg_temp.again('photo');

select * from finish();
