-- MESSAGE_ASK: takes unknown messages whose provider is to be asked now; nobody else asks about them meanwhile
-- role: service
-- $1 now: the instant
-- $2 providers: that can be asked
-- $3 since: of each, until when an attempt has surely come to its end
-- $4 by_id: of each, whether it can be asked by an id of its own only
-- $5 most: how many
-- > id, attempts, provider, customer_id, provider_id, from_number, to_number, body, asks, created_s, status_s, boxes
with
due as (
  select d.id from unnest($2::text[], $3::timestamptz[], $4::boolean[]) w (provider, since, by_id)
    cross join lateral (
      select m.id, m.status_at from sms_log m
      where m.status = 'unknown' and m.provider = w.provider and m.status_at <= w.since
        and (m.provider_id is not null or not w.by_id) and m.status_at > $1::timestamptz - interval '7 days' and coalesce(m.ask_at, '-infinity') <= $1::timestamptz
      order by m.status_at limit $5::int
      for no key update skip locked) d
  order by d.status_at limit $5::int)
update sms_log m
set asks = m.asks + 1, ask_at = $1::timestamptz + interval '1 minute' * power(2, least(m.asks, 10))
where m.id = any (array(select id from due))
returning m.id, m.attempts, m.provider, m.customer_id, m.provider_id, m.from_number, m.to_number, m.body, m.asks,
          extract(epoch from m.created_at)::bigint as created_s, extract(epoch from m.status_at)::bigint as status_s,
          (select jsonb_object_agg(s.name, s.sealed) from secrets s
           where s.customer_id = m.customer_id and split_part(s.name, '.', 1) = split_part(m.provider, '_', 1)) as boxes
