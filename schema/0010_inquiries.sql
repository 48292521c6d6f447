-- 0010_inquiries - what became of an unknown message is asked of those providers that can tell

alter table sms_log
  add column asks int not null default 0 check (asks >= 0),    -- how often its provider was asked since it became unknown
  add column ask_at timestamptz;                               -- not again before this

select close_to_strangers();
