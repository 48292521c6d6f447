-- METRICS: what the database knows of the installation's state; each row by an index and counted to a bound: it costs the same however much is stored
-- role: service
-- $1 now: the instant
-- $2 providers: whose messages
-- $3 most: where counting ends
-- > metric, label, status, count, age_s
select 'queue' as metric, p.provider as label, q.status, q.count, q.age_s
from unnest($2::text[]) p (provider), lateral (
  select 'queued' as status,
         (select count(*) from (select from sms_log m where m.status = 'queued' and m.provider = p.provider
                                  and m.not_before <= $1::timestamptz order by m.not_before limit $3::int) due) as count,
         (select extract(epoch from $1::timestamptz - m.not_before) from sms_log m
          where m.status = 'queued' and m.provider = p.provider and m.not_before <= $1::timestamptz order by m.not_before limit 1) as age_s
  union all
  select 'deferred',
         (select count(*) from (select from sms_log m where m.status = 'queued' and m.provider = p.provider
                                  and m.not_before > $1::timestamptz order by m.not_before limit $3::int) later), 0
  union all
  select 'sending', count(*), extract(epoch from $1::timestamptz - min(m.status_at))     -- no more than there are transfers
  from sms_log m where m.status = 'sending' and m.provider = p.provider and m.claimed_until > '-infinity'
  union all
  select 'unknown',
         (select count(*) from (select from sms_log m where m.status = 'unknown' and m.provider = p.provider order by m.status_at limit $3::int) lost),
         (select extract(epoch from $1::timestamptz - m.status_at) from sms_log m
          where m.status = 'unknown' and m.provider = p.provider order by m.status_at limit 1)) q
union all
select 'timer', job, null, null, extract(epoch from $1::timestamptz - max(last_success_at)) from heartbeats where job <> 'replay' group by job
union all
select 'quarantine', 'unverified', null,
       (select count(*) from (select from inbound_events e where not e.verified and e.settled is null and e.received_at > '-infinity' limit $3::int) forged), null
union all
select 'quarantine', 'unmatched', null,
       (select count(*) from (select from inbound_events e where e.customer_id is null and e.verified and e.settled is null
                                and e.outcome not in ('parked', 'matched') and e.received_at > '-infinity' limit $3::int) nobodys), null
union all
select 'schema', null, null, (select max(version) from schema_migrations), null
