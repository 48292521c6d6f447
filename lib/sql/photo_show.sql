-- PHOTO_SHOW: whether the firm has this photo; no row: it has not
-- role: web
-- $1 photo_id: the photo
-- > id
select p.id from photos p where p.id = $1::uuid
