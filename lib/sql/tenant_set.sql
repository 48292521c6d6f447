-- TENANT_SET: first statement of every pipeline of a request: sets the tenant and takes the lock of what must not overlap
-- role: any
-- $1 tenant: id of the tenant
-- $2 lock_key: the contact's number or address; the event's id where there is none; NULL locks nothing
-- > tenant, locked
select set_config('app.customer_id', $1::uuid::text, true) as tenant,
       pg_advisory_xact_lock(hashtextextended($1::uuid || ' ' || $2::text, 0)) as locked
