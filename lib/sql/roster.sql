-- ROSTER: whom webhooks may reach and by what their senders are known, a line each (lib/roster.h)
-- role: service
-- > line
select line from (
  select format('%s:%s %s %s', kind, a.address, c.id, c.slug) as line
  from tenant_addresses a
  join customers c on c.id = a.customer_id
  cross join lateral unnest(case a.channel when 'phone' then array['call'] when 'call' then array['call']
                                           when 'sms' then array['call', 'sms'] end) kind
  where c.active
  union
  select format('token:%s %s %s', k.hash, c.id, c.slug)
  from tokens k join customers c on c.id = k.customer_id
  where k.scope = 'webhook' and k.revoked_at is null and c.active
  union
  select format('trust:%s %s %s', c.id,
                exists (select from tokens k where k.customer_id = c.id and k.scope = 'webhook' and k.revoked_at is null),
                coalesce((select s.sealed::text from secrets s where s.customer_id = c.id and s.name = 'twilio.auth_token'), '-'))
  from customers c where c.active
) l order by line
