update duplicate
set home_a = $3, home_b = $4, state = $5, apart = $6, probability = $7, evidence = $8, model_version = $9,
    cause = $10, created_at = $11, refreshed_at = $12, claimed_by = $13, claimed_until = $14,
    later_until = $15, resolution = $16, resolved_by = $17, resolved_at = $18, note = $19
where tenant_id = $1 and duplicate_id = $2
