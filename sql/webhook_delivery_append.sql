insert into webhook_delivery (tenant_id, webhook_id, number, position, event_id, event_type, customer_id, at, attempt,
                              outcome, reason, http_status, took_ms)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
