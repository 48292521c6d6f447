-- COMMAND_DOCTOR_INSTALLATION: is the database where it was set up, and when was it restored last?
-- role: service
-- > ours, restored_at, unknown
select i.identity = database_identity() as ours, to_char(i.restored_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as restored_at,
       (select count(*) from sms_log m where m.status = 'unknown' and m.error = 'the database was restored') as unknown
from installation i
