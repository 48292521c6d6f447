-- MESSAGE_CLAIM: takes messages to be sent now; committed before the first byte, it is the start of each. Tells what may not be sent, too
-- role: service
-- $1 claimed_by: this dispatcher, an id made at its start
-- $2 now: the instant
-- $3 claimed_until: end of the lease
-- $4 providers: whose messages
-- $5 slots: free transfers of each of them, the most that is taken
-- $6 host: whose dispatcher this is
-- > id, status, attempts, provider, customer_id, ticket_id, channel, template, from_number, to_number, body, segments, expires_at, lives_s, slug, boxes
with
due as (
  select d.* from unnest($4::text[], $5::int[]) w (provider, slots)
    cross join lateral (
      select m.id, m.customer_id, m.contact_id, m.ticket_id, m.not_before, m.template, m.to_number, m.attempts, coalesce(m.segments, 1) as segments,
             m.created_at
      from sms_log m
      where m.status = 'queued' and m.provider = w.provider and m.not_before <= $2::timestamptz
        and coalesce(m.expires_at, 'infinity') > $2::timestamptz          -- as it stands it would tempt to the wrong index
        and coalesce(current_setting('app.delivery', true), '') <> 'restored'                -- see MESSAGE_GUARD
      order by m.not_before limit w.slots
      for no key update skip locked) d),
firm as materialized (                          -- in one order, or two dispatchers wait for each other
  select t.customer_id, t.active, t.timezone, t.quiet_hours_end, t.daily_segments, z.day, first_limits(t.daily_segments, t.config) as first_limits,
         case when case when t.quiet_hours_start < t.quiet_hours_end then z.hour >= t.quiet_hours_start and z.hour < t.quiet_hours_end
                        else t.quiet_hours_start > t.quiet_hours_end and (z.hour >= t.quiet_hours_start or z.hour < t.quiet_hours_end) end
              then (z.day + case when z.hour < t.quiet_hours_end then 0 else 1 end + t.quiet_hours_end) at time zone t.timezone end as quiet_until
  from tenants t
    cross join lateral (select l.at::date as day, l.at::time as hour from (select $2::timestamptz at time zone t.timezone as at) l offset 0) z
  where t.customer_id = any (array(select customer_id from due))
  order by t.customer_id),
tenant as materialized (                        -- first_room: what is left for contacts who are not known
  select f.customer_id, f.active, f.day, f.daily_segments, f.quiet_until, (f.day + 1 + f.quiet_hours_end) at time zone f.timezone as tomorrow,
         coalesce(u.segments, 0) as used,
         greatest(least(f.first_limits[2] - coalesce(u.first_segments, 0),
                        f.first_limits[1] - case when u.first_hour = date_trunc('hour', $2::timestamptz) then u.first_hour_segments else 0 end), 0) as first_room
  from firm f cross join lateral usage_to_change(f.customer_id, f.day) u),
-- what has happened since it was written, or while an attempt at it came to nothing
checked as (
  select due.*, case when due.template in ('alert', 'review_request') then due.template
                     when due.template = 'ticket_confirmation' and (select c.known_at is null from contacts c where c.id = due.contact_id) then 'first'
                     else 'other' end as share,
         case when due.template in ('alert', 'reply_stop') then null
              when not (select t.active from tenant t where t.customer_id = due.customer_id) then 'inactive'
              when (select c.opted_out_at from contacts c where c.id = due.contact_id) is not null then 'opted_out'
              when is_sender(due.to_number) then 'sender'
              when due.template = 'review_request'
                and (select k.status from tickets k where k.id = due.ticket_id) not in ('DONE', 'CLOSED') then 'withdrawn'
              -- what the firm, or the contact, has overtaken since: two appointments in one morning
              when due.template ^@ 'status_'
                and (select case due.template when 'status_done' then k.status in ('DONE', 'CLOSED')
                                              when 'status_scheduled' then exists (select from appointments p where p.ticket_id = k.id
                                                                                     and p.created_at = due.created_at and (p.cancelled_at is null) is true)
                                              else due.template = 'status_' || lower(k.status) end
                     from tickets k where k.id = due.ticket_id) is false then 'withdrawn' end as reason
  from due),
-- what was counted at its first attempt is not counted, nor held back, at a later one; requests for reviews leave one half of the
-- budget to answers, and one that was held up until people sleep waits for their morning
cost as (
  select k.id, k.customer_id, k.reason, k.attempts, k.share, t.day, coalesce(t.quiet_until, t.tomorrow) as morning, w.sleeps, t.used, t.first_room,
         t.daily_segments as most, (t.daily_segments + 1) / 2 as half, s.segments,
         coalesce(sum(s.segments) filter (where k.share = 'review_request') over before, 0) as reviews,
         coalesce(sum(s.segments) filter (where k.share = 'first') over before, 0) as firsts,
         coalesce(sum(s.segments) filter (where k.share in ('alert', 'other')) over before, 0) as others
  from checked k join tenant t using (customer_id)
    cross join lateral (select k.share = 'review_request' and t.quiet_until is not null as sleeps) w
    cross join lateral (select case when k.attempts = 0 and k.reason is null and not w.sleeps then k.segments else 0 end as segments) s
  window before as (partition by k.customer_id order by k.not_before, k.id)),
fate as (                                       -- nobody is forgotten: a request for a review that the day has no room for waits
  select c.id, c.customer_id, c.day, c.morning, c.segments, c.share,
         case when c.reason is not null then 'suppressed'
              when c.sleeps then 'queued'
              when c.attempts > 0 or c.share = 'alert' then 'sending'
              when c.share = 'review_request' then case when c.used + c.others + least(c.firsts, c.first_room) + c.reviews <= c.half then 'sending'
                                                        when c.segments <= c.half then 'queued' else 'suppressed' end
              when c.share = 'first' and c.firsts > c.first_room then 'suppressed'
              when c.used + c.others + least(c.firsts, c.first_room) + least(c.reviews, greatest(c.half - c.used, 0)) <= c.most then 'sending'
              else 'suppressed' end as status,
         case when c.reason is not null then c.reason
              when c.share = 'first' and c.firsts > c.first_room then 'first_contact' else 'budget' end as reason
  from cost c),
taken as (
  update sms_log m
  set status = c.status, reason = case c.status when 'suppressed' then c.reason end,
      attempts = case c.status when 'sending' then m.attempts + 1 else m.attempts end,
      claimed_by = case c.status when 'sending' then $1::uuid end, claimed_until = case c.status when 'sending' then $3::timestamptz end,
      not_before = case c.status when 'queued' then c.morning else m.not_before end,
      expires_at = case c.status when 'queued' then c.morning + (m.expires_at - m.not_before) else m.expires_at end,
      status_at = $2::timestamptz
  from fate c
  where m.id = c.id and m.id = any (array(select id from fate))
  returning m.id, m.status, m.attempts, m.provider, m.customer_id, m.contact_id, m.ticket_id, m.channel, m.template, m.from_number,
            m.to_number, m.body, m.segments, m.expires_at, m.created_at),
w_contact as (                                  -- who was not asked for a review after all may be asked after the next job
  update contacts c set last_review_at = c.prior_review_at
  from taken k
  where c.id = k.contact_id and c.id = any (array(select contact_id from taken where template = 'review_request' and status = 'suppressed'))
    and k.template = 'review_request' and k.status = 'suppressed' and c.last_review_at = k.created_at),
w_claims as (                                   -- what MESSAGE_GUARD holds a database against
  insert into dispatchers as h (host, claims)
  select $6::text, 1 where exists (select from taken where status = 'sending')
  on conflict (host) do update set claims = h.claims + 1),
w_usage as (
  insert into segment_usage as u (customer_id, day, segments, first_segments, first_hour, first_hour_segments)
  select x.customer_id, x.day, x.segments, x.firsts, date_trunc('hour', $2::timestamptz), x.firsts
  from (select c.customer_id, c.day, sum(c.segments) as segments, coalesce(sum(c.segments) filter (where c.share = 'first'), 0) as firsts
        from fate c where c.status = 'sending' and c.segments > 0
        group by c.customer_id, c.day) x
  on conflict (customer_id, day) do update
    set segments = u.segments + excluded.segments, first_segments = u.first_segments + excluded.first_segments, first_hour = excluded.first_hour,
        first_hour_segments = excluded.first_hour_segments + case when u.first_hour = excluded.first_hour then u.first_hour_segments else 0 end)
select id, status, attempts, provider, customer_id, ticket_id, channel, template, from_number, to_number, body, segments, expires_at,
       extract(epoch from expires_at - $2::timestamptz)::bigint as lives_s,
       (select k.slug from customers k where k.id = taken.customer_id) as slug,
       case when status = 'sending' then (
         select jsonb_object_agg(s.name, s.sealed) from secrets s
         where s.customer_id = taken.customer_id
           and split_part(s.name, '.', 1) = split_part(taken.provider, '_', 1)) end as boxes    -- the firm's own account
from taken
