insert into outbox (tenant_id, type, event_id, aggregate_id, recorded_at, payload, trace)
values ($1, $2, $3, $4, $5, $6, $7)
