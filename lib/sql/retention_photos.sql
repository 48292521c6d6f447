-- RETENTION_PHOTOS: forgets photos whose files are gone
-- role: service
-- $1 ids: of the photos
-- > done
with
gone as (
  delete from photos p where p.id = any ($1::uuid[]) returning 1)
select count(*) as done from gone
