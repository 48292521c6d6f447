-- COMMAND_CONTACT_ERASE: takes a person out of everything, under their lock
-- role: command
-- $1 contact_id: of the contact
-- $2 actor: who does it
-- $3 now: the instant
-- > answer; NULL: there is none, or no more
select contact_erase($1::uuid, $2::text, $3::timestamptz) as answer
