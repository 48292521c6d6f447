-- PHOTO_KNOWN: what a ticket has before a photo is made: the same one, sent before, and how many
-- role: web
-- $1 ticket_id: the ticket
-- $2 hash: SHA-256 of what was sent now
-- > photo_id, width, height, photos
with
there as (
  select p.id, p.sha256, p.width, p.height from photos p where p.ticket_id = $1::uuid),
same as (
  select there.* from there where there.sha256 = $2::text)
select same.id as photo_id, same.width, same.height, (select count(*) from there) as photos
from (values (1)) one left join same on true
