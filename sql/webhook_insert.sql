insert into webhook (tenant_id, webhook_id, url, event_types, description, state, cause, disabled_at, version, created_by, created_at,
       updated_at, key_id, salt, previous_salt, previous_until, position, epoch, turn, delivered, given_up, failures,
       failing_since, delivered_at, log_number)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25)
