-- 0014_photos - pictures that a visitor adds to a ticket; the files lie in PHOTO_DIR/<customer_id>/<id>.jpg, not here

create table photos (
  id          uuid primary key,
  customer_id uuid not null references customers,
  ticket_id   uuid not null,
  place       int not null check (place between 1 and 5),   -- and so never more than five of one ticket
  sha256      text not null check (length(sha256) = 64),    -- of what was sent: sent again it is the same photo
  bytes       bigint not null check (bytes > 0),            -- on the disk, with the thumbnail
  width       int not null check (width between 1 and 2048),
  height      int not null check (height between 1 and 2048),
  created_at  timestamptz not null,
  unique (ticket_id, place),
  unique (ticket_id, sha256),
  foreign key (ticket_id, customer_id) references tickets (id, customer_id)
);
select protect('photos', 'customer_id');

-- Whose ticket a visitor wants to add a photo to, before any tenant is set. Who asks has a signature of ours over its id.
create function photo_ticket(wanted uuid)
  returns table (customer_id uuid, slug text, status text, created_at timestamptz, language text)
  language sql stable security definer set search_path = pg_catalog, pg_temp
begin atomic
  select t.customer_id, c.slug, t.status, t.created_at, (select k.language from contacts k where k.id = t.contact_id)
  from tickets t join customers c on c.id = t.customer_id
  where t.id = wanted and c.active;
end;

grant select, insert on photos to opsfabric_web;
grant select, insert, delete on photos to opsfabric_service;
grant execute on function photo_ticket(uuid) to opsfabric_web, opsfabric_service;

select close_to_strangers();
