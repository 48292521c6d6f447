-- 0012_receipts - what providers say later about messages, even before we know the id they speak of

-- May a message go from this status to what its provider says of it (sent, delivered or failed)? delivered, failed, expired and suppressed
-- are the end. A queued one whose attempt we believed refused was not, if the provider has it: it must not be sent again.
create function receipt_moves(status text, attempts int, said text) returns boolean language sql immutable
  return status in ('sending', 'unknown') or status = 'sent' and said <> 'sent' or status = 'queued' and attempts > 0 and said <> 'failed';

-- Theirs, not ours: not unique. Whoever asks by it may not know the tenant yet.
drop index sms_log_receipt;
create index sms_log_receipt on sms_log (provider_id, provider) where provider_id is not null;

-- Whose message a provider's own id speaks of, before any tenant is set. Two with one id are nobody's: a receipt on the wrong one is worse than none.
create function receipt_tenant(wanted_provider text, wanted text) returns table (customer_id uuid)
  language sql stable security definer set search_path = pg_catalog, pg_temp
begin atomic
  select (array_agg(m.customer_id))[1] from sms_log m
  where m.provider_id = wanted and m.provider = wanted_provider and m.direction = 'outbound'
  having count(*) = 1;
end;

-- What is taken before a provider's id is looked for, and before one is stored: neither side misses the other.
create function receipt_lock(provider text, provider_id text) returns void language sql volatile
  return pg_advisory_xact_lock(hashtextextended('receipt ' || provider || ' ' || provider_id, 0));

-- A receipt that names an id nobody has stored yet is parked in inbound_events: provider '<provider>_receipt', event_id '<said> <id>', answer
-- {"error": ...}. Whoever stores the id applies it in the same transaction.
create index inbound_events_parked on inbound_events (event_id, provider) where outcome = 'parked';
create function sms_log_parked() returns trigger language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  parked record;
begin
  perform public.receipt_lock(new.provider, new.provider_id);
  for parked in
    select e.id, split_part(e.event_id, ' ', 1) as said, e.answer ->> 'error' as error
    from public.inbound_events e
    where e.outcome = 'parked' and e.provider = new.provider || '_receipt'
      and e.event_id in ('sent ' || new.provider_id, 'delivered ' || new.provider_id, 'failed ' || new.provider_id)
      and (e.customer_id = new.customer_id or e.customer_id is null)
    order by e.received_at, e.id
    for no key update
  loop
    update public.inbound_events set outcome = 'matched' where id = parked.id;
    update public.sms_log m
    set status = parked.said, error = parked.error, claimed_by = null, claimed_until = null, status_at = new.status_at
    where m.id = new.id and public.receipt_moves(m.status, m.attempts, parked.said);
    if found and new.ticket_id is not null then
      insert into public.ticket_events (id, customer_id, ticket_id, event_type, new_value, created_at)
      values (parked.id, new.customer_id, new.ticket_id, 'sms_' || parked.said, parked.error, new.status_at);
    end if;
  end loop;
  return null;
end $$;
create trigger sms_log_parked after update of provider_id on sms_log
  for each row when (old.provider_id is null and new.provider_id is not null and new.direction = 'outbound')
  execute function sms_log_parked();

grant execute on function receipt_moves(text, int, text), receipt_tenant(text, text), receipt_lock(text, text) to opsfabric_web, opsfabric_service;

select close_to_strangers();
