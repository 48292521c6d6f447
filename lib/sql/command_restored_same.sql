-- COMMAND_RESTORED_SAME: an operator says that this database moved with all that is in it, as pg_upgrade moves one
-- role: command
-- > moved
with
moved as (
  update installation set identity = database_identity(), timeline = database_timeline() returning 1)
select count(*) as moved from moved
