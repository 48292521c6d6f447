-- RETENTION_PHOTOS_DUE: photos that have been kept long enough: their files go first
-- role: service
-- $1 before: what is older
-- $2 most: how many at most
-- > id, customer_id
select p.id, p.customer_id from photos p where p.created_at <= $1::timestamptz order by p.created_at limit $2::int
