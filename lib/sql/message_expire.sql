-- MESSAGE_EXPIRE: what waited until it was pointless
-- role: service
-- $1 now: the instant
-- > id, customer_id
with late as (
  select id from sms_log where status = 'queued' and expires_at <= $1::timestamptz order by expires_at for no key update skip locked)
update sms_log m set status = 'expired', status_at = $1::timestamptz
where m.id = any (array(select id from late))
returning m.id, m.customer_id
