-- RECEIPT_LOCK: before a provider's id is looked for: who stores it is waited for, and waits
-- role: web
-- $1 provider: whose id it is
-- $2 provider_id: theirs; NULL locks nothing
-- > locked
select receipt_lock($1::text, $2::text) as locked where $2::text is not null
