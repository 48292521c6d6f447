-- PHOTO_ADD: a visitor adds a photo to a live ticket that has fewer than five; after TICKET_LOCK, in a transaction that has locked the ticket
-- role: web
-- $1 ticket_id: the ticket
-- $2 photo_id: id of the photo, under which its files lie
-- $3 hash: SHA-256 of what was sent
-- $4 bytes: of the files
-- $5 width: of the photo
-- $6 height: of the photo
-- $7 event_id: id of the event
-- $8 now: the instant of the request
-- > photo_id, photos
with
ti as (
  select t.id, t.customer_id, t.status from tickets t where t.id = $1::uuid),
there as (
  select p.id, p.place, p.sha256 from photos p where p.ticket_id = $1::uuid),
known as (                                                                    -- by another request, or by this one whose answer was lost
  select there.id from there where there.sha256 = $3::text),
free as (
  select min(n) as place from generate_series(1, 5) n where n not in (select place from there)),
w_photo as (
  insert into photos (id, customer_id, ticket_id, place, sha256, bytes, width, height, created_at)
  select $2::uuid, ti.customer_id, ti.id, free.place, $3::text, $4::bigint, $5::int, $6::int, $8::timestamptz
  from ti, free
  where ti.status <> 'CLOSED' and free.place is not null and not exists (select from known)
  returning id),
w_event as (
  insert into ticket_events (id, customer_id, ticket_id, event_type, metadata, created_at)
  select $7::uuid, ti.customer_id, ti.id, 'photo_added', jsonb_build_object('photo_id', w_photo.id), $8::timestamptz
  from ti, w_photo)
select coalesce((select id from w_photo), (select id from known)) as photo_id,
       (select count(*) from there) + (select count(*) from w_photo) as photos
