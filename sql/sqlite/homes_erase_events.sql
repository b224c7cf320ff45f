delete from outbox where tenant_id = $1 and aggregate_id in (select value from json_each($2))
