-- RETENTION_CONTACTS: second statement: people of whom nobody has heard for long enough, and of whom nothing is kept
-- role: service
-- $1 before: nobody has heard of them since. "offset 0" keeps the planner from reading all tickets once instead of a few often
-- $2 now: the instant of the run
-- > done
select coalesce(sum(contact_forget(c.id, $2::timestamptz)), 0) as done
from contacts c
where c.id = any (string_to_array(nullif(current_setting('app.retention', true), ''), ',')::uuid[])
    and (c.erased_at is null and c.seen_at <= $1::timestamptz) is true
    and not exists (select from tickets t where t.contact_id = c.id and (t.erased_at is null) is true offset 0)
    and not exists (select from sms_log m where m.contact_id = c.id and (m.erased_at is null) is true offset 0)
