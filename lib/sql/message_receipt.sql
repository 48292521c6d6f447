-- MESSAGE_RECEIPT: what a provider says later about a message: it only moves forward, and what is said again changes nothing
-- role: web
-- $1 message_id: ours, or NULL: then by the provider's
-- $2 provider: whose receipt it is
-- $3 provider_id: theirs, or NULL
-- $4 said: sent, delivered or failed
-- $5 error: why it failed, or NULL
-- $6 now: the instant of the request
-- $7 event_id: for the history
-- $8 event_row: for a receipt that matches nothing: it is kept, by their id for whoever stores that
-- $9 fingerprint: hash of the request
-- $10 raw: the request as it came
-- > id, old_status, status, slug, kept
with
i as (
  select app_tenant() as tenant, $1::uuid as message_id, $2::text as provider, $3::text as provider_id, $4::text as said, left($5::text, 1000) as error,
         $6::timestamptz as now, $7::uuid as event_id, $8::uuid as event_row, $9::text as fingerprint, $10::text as raw),
which as (                                      -- two with one id of theirs are none
  select m.id from sms_log m where m.id = $1::uuid and m.customer_id = (select app_tenant()) and m.direction = 'outbound'
  union all
  select (array_agg(m.id))[1] from sms_log m
  where $1::uuid is null and m.provider_id = $3::text and m.provider = $2::text and m.customer_id = (select app_tenant()) and m.direction = 'outbound'
  having count(*) = 1),
before as (
  select m.id, m.status, m.attempts, m.provider_id from sms_log m where m.id = (select id from which) for no key update of m),
d as (
  select b.id, b.status as old_status, receipt_moves(b.status, b.attempts, i.said) as moves from before b, i),
after as (
  update sms_log m
  set status = case when d.moves then i.said else m.status end, error = case when d.moves then i.error else m.error end,
      claimed_by = case when d.moves then null else m.claimed_by end, claimed_until = case when d.moves then null else m.claimed_until end,
      status_at = case when d.moves then i.now else m.status_at end, provider_id = coalesce(m.provider_id, i.provider_id)
  from d, i
  where m.id = d.id and m.id = (select id from which) and (d.moves or m.provider_id is null and i.provider_id is not null)
  returning m.id, m.ticket_id, m.status),
w_event as (
  insert into ticket_events (id, customer_id, ticket_id, event_type, new_value, created_at)
  select i.event_id, i.tenant, after.ticket_id, 'sms_' || i.said, i.error, i.now from after, d, i
  where d.moves and after.ticket_id is not null),
w_kept as (
  insert into inbound_events (id, customer_id, provider, event_id, fingerprint, verified, outcome, answer, raw, received_at)
  select i.event_row, i.tenant, i.provider || '_receipt', i.said || ' ' || coalesce(i.message_id::text, i.provider_id), i.fingerprint, true,
         case when i.message_id is null then 'parked' else 'unmatched' end, jsonb_build_object('error', i.error), i.raw, i.now
  from i
  where not exists (select from which)
  on conflict (customer_id, provider, event_id) do nothing)
select d.id, d.old_status, case when d.moves then i.said else d.old_status end as status,
       (select c.slug from customers c where c.id = i.tenant) as slug, d.id is null as kept
from i left join d on true
