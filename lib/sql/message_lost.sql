-- MESSAGE_LOST: whoever was sending these is gone; what became of them is not known
-- role: service
-- $1 now: the instant
-- > id, attempts, customer_id, provider
with dead as (
  select id from sms_log where status = 'sending' and claimed_until < $1::timestamptz for no key update skip locked)
update sms_log m
set status = 'unknown', error = 'dispatcher lost', claimed_by = null, claimed_until = null, status_at = $1::timestamptz
where m.id = any (array(select id from dead))
returning m.id, m.attempts, m.customer_id, m.provider
