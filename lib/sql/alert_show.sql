-- ALERT_SHOW: what the link of an alert shows
-- role: web
-- $1 code_hash: SHA-256 of the code of the link
-- > kind, told, told_at, answered_by, answered_at, number, contact_name, contact_phone, phone_kind, contact_email, summary
with
al as (
  select a.* from alerts a where a.code_hash = $1::text)
select al.kind, al.told, extract(epoch from al.told_at)::bigint as told_at, al.answered_by,
       extract(epoch from al.answered_at)::bigint as answered_at, t.number, t.contact_name, t.contact_phone,
       (select c.phone_kind from contacts c where c.id = t.contact_id) as phone_kind, t.contact_email, t.summary
from al cross join lateral (select k.* from tickets k where k.id = al.ticket_id offset 0) t
