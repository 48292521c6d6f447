-- MESSAGE_CLAIM: takes messages to be sent now; committed before the first byte, it is the start of each
-- role: service
-- $1 claimed_by: this dispatcher, an id made at its start
-- $2 now: the instant
-- $3 claimed_until: end of the lease
-- $4 provider: whose messages
-- $5 slots: free transfers of that provider, the most that is taken
-- > id, attempts, customer_id, ticket_id, channel, template, from_number, to_number, body, segments, expires_at
with
due as (
  select m.id, m.customer_id, m.not_before, m.template, m.attempts, coalesce(m.segments, 1) as segments
  from sms_log m
  where m.status = 'queued' and m.provider = $4::text and m.not_before <= $2::timestamptz
    and coalesce(m.expires_at, 'infinity') > $2::timestamptz          -- as it stands it would tempt to the wrong index
  order by m.not_before limit $5::int
  for no key update skip locked),
tenant as materialized (
  select t.customer_id, z.day, t.daily_segments,
         coalesce((select u.segments from segment_usage u where u.customer_id = t.customer_id and u.day = z.day), 0) as used
  from tenants t cross join lateral (select ($2::timestamptz at time zone t.timezone)::date as day offset 0) z
  where t.customer_id = any (array(select customer_id from due))),
-- what was counted at its first attempt is not counted, nor held back, at a later one
cost as (
  select due.id, due.customer_id, t.day, case when due.attempts = 0 then due.segments else 0 end as segments,
         due.attempts = 0 and due.template is distinct from 'alert'
           and t.used + sum(case when due.attempts = 0 then due.segments else 0 end)
               over (partition by due.customer_id order by due.not_before, due.id) > t.daily_segments as over
  from due join tenant t using (customer_id)),
taken as (
  update sms_log m
  set status = case when c.over then 'suppressed' else 'sending' end, reason = case when c.over then 'budget' end,
      attempts = case when c.over then m.attempts else m.attempts + 1 end,
      claimed_by = case when not c.over then $1::uuid end, claimed_until = case when not c.over then $3::timestamptz end,
      status_at = $2::timestamptz
  from cost c
  where m.id = c.id and m.id = any (array(select id from cost))
  returning m.id, m.status, m.attempts, m.customer_id, m.ticket_id, m.channel, m.template, m.from_number, m.to_number, m.body,
            m.segments, m.expires_at),
w_usage as (                                    -- in one order, or two dispatchers wait for each other
  insert into segment_usage as u (customer_id, day, segments)
  select c.customer_id, c.day, sum(c.segments) from cost c
  where not c.over and c.segments > 0
  group by c.customer_id, c.day order by c.customer_id, c.day
  on conflict (customer_id, day) do update set segments = u.segments + excluded.segments)
select id, attempts, customer_id, ticket_id, channel, template, from_number, to_number, body, segments, expires_at
from taken where status = 'sending'
