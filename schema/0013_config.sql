-- 0013_config - a firm's pages may have long texts: lib/tenant_document.h refuses documents above 128 KB in plain words, this stops the rest

alter table customers drop constraint customers_config_check;
alter table customers add constraint customers_config_check
  check (jsonb_typeof(config) = 'object' and octet_length(config::text) <= 262144);

select close_to_strangers();
