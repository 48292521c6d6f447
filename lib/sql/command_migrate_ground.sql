-- COMMAND_MIGRATE_GROUND: what a migration would stand on, as "word rest": why it must not run, or whether our table is there
-- role: owner
-- > ground
select case
  when current_user <> 'opsfabric_owner' then 'role ' || current_user
  when to_regrole('opsfabric_web') is null or to_regrole('opsfabric_service') is null then 'roles -'
  when to_regclass('public.schema_migrations') is null then
    -- of all migrations, or those before the first that meets one of them would stay; a table and a view are types, too
    coalesce('taken ' || (
      select string_agg(t.typname, ', ' order by t.typname) from pg_type t
      where t.typnamespace = 'public'::regnamespace
        and t.typname in (
          'alerts', 'appointments', 'channel', 'channel_address', 'consents', 'contacts', 'customers', 'direction',
          'dispatchers', 'e164', 'end_address', 'error_text', 'event_word', 'hash_text', 'heartbeats', 'inbound_events',
          'installation', 'json_object', 'kind_word', 'language_code', 'mail_address', 'message_body', 'message_status',
          'opt_outs', 'person_name', 'photos', 'provider_text', 'raw_request', 'review_links', 'secrets', 'segment_count',
          'segment_usage', 'sender_id', 'settlement', 'short_reason', 'short_word', 'sms_log', 'summary_text',
          'tenant_addresses', 'tenants', 'text_name', 'ticket_events', 'ticket_source', 'ticket_status', 'tickets', 'tokens',
          'urgency')), 'empty -')
  when (select array_agg(attname::text order by attname) from pg_attribute
        where attrelid = to_regclass('public.schema_migrations') and attnum > 0 and not attisdropped)
    <> '{applied_at,checksum,name,version}' then 'foreign -'
  else 'ours -' end as ground
