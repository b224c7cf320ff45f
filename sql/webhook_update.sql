update webhook
set url = $3, event_types = $4, description = $5, state = $6, cause = $7, disabled_at = $8, version = $9,
    created_by = $10, created_at = $11, updated_at = $12, key_id = $13, salt = $14, previous_salt = $15,
    previous_until = $16, position = $17, epoch = $18, turn = $19, delivered = $20, given_up = $21,
    failures = $22, failing_since = $23, delivered_at = $24, log_number = $25
where tenant_id = $1 and webhook_id = $2
