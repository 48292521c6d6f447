-- MESSAGE_GUARD: first statement of the pipeline of a claim: is this the database whose messages this host carries? If not, MESSAGE_CLAIM takes nothing
-- role: service
-- $1 epoch: of the database that this host has seen last, or NULL
-- $2 claims: so many it has seen in it
-- > why, epoch, claims, delivery
with
i as (
  select identity, timeline, epoch, (epoch = $1::uuid) is true as is_known from installation),
c as (
  select coalesce(sum(claims), 0) as claims from dispatchers),
v as (
  select i.epoch, c.claims, (i.timeline = database_timeline()) is not true as is_other_timeline,
         case when i.identity <> database_identity() then 'it is a copy'
              when i.is_known and c.claims < $2::bigint then 'it is older than what has left'
              when not i.is_known and (i.timeline = database_timeline()) is not true then 'its timeline is a new one' end as why
  from i, c),
w_promoted as (                                 -- a standby took over, and lost nothing
  update installation set timeline = database_timeline()
  where exists (select from v where v.why is null and v.is_other_timeline))
select why, epoch, claims, set_config('app.delivery', case when why is null then 'ours' else 'restored' end, true) as delivery from v
