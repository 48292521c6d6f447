-- WEBHOOK_TRUST: what the tenant itself has by which its senders are known
-- role: web
-- > has_token, twilio
select t.has_token, t.twilio::text as twilio from webhook_trust() t
