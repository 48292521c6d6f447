-- COMMAND_CONTACT_EXPORT: all that is kept of a contact, as one document
-- role: command
-- $1 contact_id: of the contact
-- > document
with
mine as materialized (
  select t.* from tickets t where t.contact_id = $1::uuid)
select json_build_object(
  'contact', (select row_to_json(c) from contacts c where c.id = $1::uuid),
  'tickets', (select coalesce(json_agg(to_jsonb(t) || jsonb_build_object(
      'events', (select coalesce(jsonb_agg(to_jsonb(e) - 'customer_id' - 'ticket_id' order by e.seq), '[]') from ticket_events e where e.ticket_id = t.id),
      'appointments', (select coalesce(jsonb_agg(to_jsonb(p) - 'customer_id' - 'ticket_id' order by p.starts_at), '[]') from appointments p where p.ticket_id = t.id),
      'photos', (select coalesce(jsonb_agg(to_jsonb(p) - 'customer_id' - 'ticket_id' order by p.place), '[]') from photos p where p.ticket_id = t.id),
      'alerts', (select coalesce(jsonb_agg(to_jsonb(a) - 'customer_id' - 'ticket_id' - 'code_hash' order by a.told_at, a.id), '[]')
                 from alerts a where a.ticket_id = t.id),
      'review_links', (select coalesce(jsonb_agg(to_jsonb(l) - 'customer_id' - 'ticket_id' order by l.created_at), '[]')
                       from review_links l where l.ticket_id = t.id)) order by t.number), '[]') from mine t),
  'messages', (select coalesce(json_agg(m order by m.created_at, m.id), '[]') from sms_log m
               where m.contact_id = $1::uuid or m.ticket_id in (select id from mine)),
  'consents', (select coalesce(json_agg(s order by s.given_at, s.id), '[]') from consents s
               where s.contact_id = $1::uuid or s.ticket_id in (select id from mine)),
  'inbound', (select coalesce(json_agg(e order by e.received_at, e.id), '[]') from contact_inbound($1::uuid) e)) as document
