-- 0016_unmatched - what a known sender told of nobody's number is counted at each scrape: not by reading what was settled since

create index inbound_events_unmatched on inbound_events (received_at)
  where customer_id is null and verified and settled is null and outcome not in ('parked', 'matched');

select close_to_strangers();
