-- 0008_webhooks - what a webhook is believed by, how much of what is not is kept, and what an operator made of it

-- Of what is nobody's; a firm's own events are settled by their answer.
create domain settlement as text check (value in ('releasing', 'released', 'discarded'));
alter table inbound_events add settled settlement;
create index inbound_events_unverified on inbound_events (received_at) where not verified and settled is null;

-- What else than the installation's credentials may vouch for a request to the tenant of the transaction.
create function webhook_trust() returns table (has_token boolean, twilio bytea)
  language sql stable security definer set search_path = pg_catalog, pg_temp
begin atomic
  select exists (select from tokens k where k.customer_id = app_tenant() and k.scope = 'webhook' and k.revoked_at is null),
         (select s.sealed from secrets s where s.customer_id = app_tenant() and s.name = 'twilio.auth_token');
end;

-- A flood of forgeries must not fill the disk: so many in an hour, and so many that nobody looked at.
create function quarantine_has_room(at timestamptz) returns boolean
  language sql stable security definer set search_path = pg_catalog, pg_temp
begin atomic
  select (select count(*) from (select from inbound_events e
                                where e.customer_id is null and not e.verified and e.received_at > at - interval '1 hour' limit 300) recent) < 300
     and (select count(*) from (select from inbound_events e where not e.verified and e.settled is null limit 20000) unsettled) < 20000;
end;

grant execute on function webhook_trust(), quarantine_has_room(timestamptz) to opsfabric_web, opsfabric_service;

select close_to_strangers();
