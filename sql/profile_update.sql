update profile
set version = $3, survivor_id = $4, merge_id = $5, created_at = $6, updated_at = $7, erased_at = $8,
    kind = $9, status = $10, segment = $11, name = $12, document = $13
where tenant_id = $1 and customer_id = $2
