-- 0007_domains - what a value must be becomes its type, on the tables that every request writes to
--
-- Postgres reads a table's CHECK constraints from their stored text for each statement that writes to it (ExecRelCheck), which was
-- a third of what a ticket cost. A domain's it reads once in a session. What speaks of several columns stays with its table.

create domain kind_word as text check (value ~ '^[a-z_]{1,30}$');
create domain event_word as text check (value ~ '^[a-z_]{1,40}$');
create domain text_name as text check (value ~ '^[a-z0-9_]{1,60}$');
create domain ticket_source as text check (value in ('wizard', 'missed_call', 'sms_reply', 'whatsapp', 'email', 'manual'));
create domain ticket_status as text check (value in ('NEW', 'NEEDS_CALLBACK', 'SCHEDULED', 'IN_PROGRESS', 'DONE', 'CLOSED'));
create domain urgency as text check (value in ('LOW', 'MED', 'HIGH'));
create domain direction as text check (value in ('outbound', 'inbound'));
create domain channel as text check (value in ('sms', 'whatsapp', 'email'));
create domain message_status as text check (value in ('queued', 'sending', 'sent', 'delivered', 'failed', 'unknown', 'expired',
                                                       'suppressed', 'received'));
create domain segment_count as int check (value between 0 and 1000);
create domain json_object as jsonb check (jsonb_typeof(value) = 'object');
-- "short" where a table, an index or a person has to hold it; the rest is the longest that is let in
create domain short_word as text check (length(value) between 1 and 40);
create domain short_reason as text check (length(value) <= 60);
create domain channel_address as text check (length(value) between 1 and 120);
create domain sender_id as text check (length(value) between 1 and 300);
create domain hash_text as text check (length(value) <= 128);
create domain person_name as text check (length(value) <= 200);
create domain provider_text as text check (length(value) <= 200);
create domain end_address as text check (length(value) <= 254);
create domain error_text as text check (length(value) <= 1000);
create domain summary_text as text check (length(value) <= 10000);
create domain message_body as text check (length(value) <= 20000);
create domain raw_request as text check (length(value) <= 1000000);

alter table contacts
  drop constraint contacts_phone_kind_check, alter phone_kind type kind_word,
  drop constraint contacts_channel_id_check, alter channel_id type channel_address,
  drop constraint contacts_name_check, alter name type person_name;

alter table tickets
  drop constraint tickets_source_check, alter source type ticket_source,
  drop constraint tickets_status_check, alter status type ticket_status,
  drop constraint tickets_intent_check, alter intent type short_reason,
  drop constraint tickets_urgency_check, alter urgency type urgency,
  drop constraint tickets_contact_name_check, alter contact_name type person_name,
  drop constraint tickets_summary_check, alter summary type summary_text,
  drop constraint tickets_metadata_check, alter metadata type json_object;

alter table ticket_events
  drop constraint ticket_events_event_type_check, alter event_type type event_word;

alter table sms_log
  drop constraint sms_log_direction_check, alter direction type direction,
  drop constraint sms_log_channel_check, alter channel type channel,
  drop constraint sms_log_template_check, alter template type text_name,
  drop constraint sms_log_from_number_check, alter from_number type end_address,
  drop constraint sms_log_to_number_check, alter to_number type end_address,
  drop constraint sms_log_body_check, alter body type message_body,
  drop constraint sms_log_segments_check, alter segments type segment_count,
  drop constraint sms_log_status_check, alter status type message_status,
  drop constraint sms_log_reason_check, alter reason type short_reason,
  drop constraint sms_log_provider_check, alter provider type short_word,
  drop constraint sms_log_provider_id_check, alter provider_id type provider_text,
  drop constraint sms_log_error_check, alter error type error_text;

alter table inbound_events
  drop constraint inbound_events_provider_check, alter provider type short_word,
  drop constraint inbound_events_event_id_check, alter event_id type sender_id,
  drop constraint inbound_events_fingerprint_check, alter fingerprint type hash_text,
  drop constraint inbound_events_outcome_check, alter outcome type short_reason,
  drop constraint inbound_events_raw_check, alter raw type raw_request;

-- In one expression, which goes into the statement that asks: a function with a query in it was planned anew each time. There are
-- never more than four.
create or replace function guard_is_full(sent timestamptz[], leaves timestamptz) returns boolean language sql stable
  return cardinality(sent) >= 4 and least(sent[1], sent[2], sent[3], sent[4]) > leaves - interval '24 hours';

select close_to_strangers();
