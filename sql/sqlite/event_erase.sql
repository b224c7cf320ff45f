delete from outbox where tenant_id = $1 and aggregate_id = $2 and recorded_at = $3
