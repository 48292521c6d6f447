-- COMMAND_TENANT_SAVE: a firm's settings, all of them: of a new one, or over those of one that nobody else changed meanwhile
-- role: command
-- $1 id: of the firm
-- $2 name: and so on, the columns of customers; NULL where the default holds
-- $3 slug: unique
-- $4 phone: E.164
-- $5 email: lower case
-- $6 sms_number: E.164
-- $7 website_domain: lower case
-- $8 google_review_link: https
-- $9 timezone: of the IANA
-- $10 quiet_hours_start: time of the day
-- $11 quiet_hours_end: time of the day
-- $12 sla_response_minutes: working time
-- $13 review_delay_hours: after DONE
-- $14 daily_segments: of automatic messages
-- $15 plan: pilot, starter, pro or premium
-- $16 config: JSON object
-- $17 modules: JSON object of booleans
-- $18 active: false for one that is not served
-- $19 now: the instant
-- $20 seen_at: updated_at as it was read; NULL: the firm is a new one
-- > id; no row: somebody else was faster
with
i as (
  select $1::uuid as id, $2::text as name, $3::text as slug, $4::text as phone, $5::text as email, $6::text as sms_number,
         $7::text as website_domain, $8::text as google_review_link, $9::text as timezone, $10::time as quiet_hours_start,
         $11::time as quiet_hours_end, $12::int as sla_response_minutes, $13::int as review_delay_hours, $14::int as daily_segments,
         coalesce($15::text, 'pilot') as plan, $16::jsonb as config, $17::jsonb as modules, coalesce($18::boolean, true) as active,
         $19::timestamptz as now, $20::timestamptz as seen_at),
run as (                                        -- did commit already: its answer was lost on the way
  select c.id from customers c where c.id = $1::uuid and c.updated_at = $19::timestamptz),
added as (
  insert into customers (id, name, slug, phone, email, sms_number, website_domain, google_review_link, timezone, quiet_hours_start,
                         quiet_hours_end, sla_response_minutes, review_delay_hours, daily_segments, plan, config, modules, active,
                         created_at, updated_at)
  select id, name, slug, phone, email, sms_number, website_domain, google_review_link, timezone, quiet_hours_start, quiet_hours_end,
         sla_response_minutes, review_delay_hours, daily_segments, plan, config, modules, active, now, now
  from i where seen_at is null and not exists (select from run)
  returning id),
changed as (
  update customers c
  set name = i.name, slug = i.slug, phone = i.phone, email = i.email, sms_number = i.sms_number, website_domain = i.website_domain,
      google_review_link = i.google_review_link, timezone = i.timezone, quiet_hours_start = i.quiet_hours_start,
      quiet_hours_end = i.quiet_hours_end, sla_response_minutes = i.sla_response_minutes, review_delay_hours = i.review_delay_hours,
      daily_segments = i.daily_segments, plan = i.plan, config = i.config, modules = i.modules, active = i.active, updated_at = i.now
  from i where c.id = i.id and c.updated_at = i.seen_at
  returning c.id)
select id from added union select id from changed union select id from run
