-- 0006_heartbeats - which job last succeeded where

create table heartbeats (
  job             text not null check (job ~ '^[a-z0-9_-]{1,60}$'),
  host            text not null check (length(host) between 1 and 253),
  last_success_at timestamptz not null,
  primary key (job, host)
);

grant select on heartbeats to opsfabric_web;
grant select, insert, update, delete on heartbeats to opsfabric_service;

select close_to_strangers();
