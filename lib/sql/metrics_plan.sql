-- METRICS_PLAN: before METRICS, for its transaction: what piled up since Postgres last counted is walked in the order of an index, never sorted
-- role: service
-- > sort, seqscan, bitmapscan
select set_config('enable_sort', 'off', true) as sort, set_config('enable_seqscan', 'off', true) as seqscan,
       set_config('enable_bitmapscan', 'off', true) as bitmapscan
