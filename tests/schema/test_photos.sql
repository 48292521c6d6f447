-- Photos: five of a ticket and no more, each sent file once, none on a closed one
begin;
select tap.start();
select no_plan();

select lives_ok($$select tap.ticket('{"phone": "+41796660001"}')$$, 'a ticket');
create temp table ticket as select id from tickets where contact_phone = '+41796660001';
create function pg_temp.add(n int, more jsonb default '{}') returns jsonb language sql volatile
  return (select tap.call('photo_add', jsonb_build_object('ticket_id', id, 'photo_id', gen_random_uuid(), 'hash', repeat(n::text, 64), 'bytes', 1000, 'width', 2048, 'height', 1536,
    'event_id', gen_random_uuid(), 'now', tap.at()) || more, tap.a()) from ticket);
create function pg_temp.places() returns int[] language sql stable return (select array_agg(p.place order by p.place) from photos p, ticket where p.ticket_id = ticket.id);

select is(pg_temp.add(1) -> 'photos', '1', 'the first photo');
select is(pg_temp.add(2) -> 'photos', '2', 'the second');
select is(pg_temp.add(3) -> 'photos', '3', 'the third');
select is(pg_temp.add(4) -> 'photos', '4', 'the fourth');
select is(pg_temp.add(5) -> 'photos', '5', 'the fifth');
select is(pg_temp.places(), '{1,2,3,4,5}', 'each has its place');
select is(pg_temp.add(6), '{"photos": 5, "photo_id": null}', 'the sixth has none');
select is(pg_temp.add(3) ->> 'photo_id', (select p.id::text from photos p where sha256 = repeat('3', 64)), 'the third once more is the third');
select is(count(*), 5::bigint, 'an event for each') from ticket_events e, ticket where e.ticket_id = ticket.id and e.event_type = 'photo_added' and exists (select from photos p where p.id::text = e.metadata ->> 'photo_id');

delete from photos p where p.place = 2;
select is(pg_temp.add(7) -> 'photos', '5', 'a place that became free is taken again');
select is(pg_temp.places(), '{1,2,3,4,5}', 'and so there are five');

-- constraints, whoever writes
select throws_ok(format('insert into photos select gen_random_uuid(), customer_id, ticket_id, %s, %L, bytes, width, height, created_at from photos limit 1', place, repeat(hash, 64)), code, null, why)
from (values (1, '8', '23505', 'a place twice'), (6, '8', '23514', 'a sixth place'), (0, '8', '23514', 'one before the first'), (2, '1', '23505', 'a file twice'))
  v (place, hash, code, why);

-- who is asked before a tenant is set
select is(jsonb_agg(r - 'created_at'), jsonb_build_array(jsonb_build_object('customer_id', tap.a(), 'slug', (select slug from customers where id = tap.a()), 'status', 'NEW', 'language', null)),
          'the firm of a ticket, by its id') from ticket, lateral tap.call('photo_ticket', jsonb_build_object('ticket_id', id)) r;
update customers set active = false where id = tap.a();
select is(count(*), 0::bigint, 'a firm that is not served takes none') from ticket, lateral tap.call('photo_ticket', jsonb_build_object('ticket_id', id)) r;
update customers set active = true where id = tap.a();

delete from photos;
update tickets set status = 'CLOSED' where id = (select id from ticket);
select is(pg_temp.add(1), '{"photos": 0, "photo_id": null}', 'a closed ticket takes none');

-- another firm's ticket
select is(tap.call('photo_add', jsonb_build_object('ticket_id', id, 'photo_id', gen_random_uuid(), 'hash', repeat('9', 64), 'bytes', 1, 'width', 1, 'height', 1,
  'event_id', gen_random_uuid(), 'now', tap.at()), tap.b()), '{"photos": 0, "photo_id": null}', 'nor does a foreign one') from ticket;

select * from finish();
rollback;
