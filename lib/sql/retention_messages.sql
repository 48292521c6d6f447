-- RETENTION_MESSAGES: messages lose their text and their numbers
-- role: service
-- $1 before: what is older
-- $2 most: how many at most
-- $3 now: the instant of the run
-- > done
with
due as materialized (
  select m.id from sms_log m
  where m.created_at <= $1::timestamptz and m.erased_at is null
  order by m.created_at limit $2::int for no key update skip locked)
select message_forget(array(select id from due), $3::timestamptz) as done
