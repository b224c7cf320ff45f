-- A pair that is there already gets the newer evidence alone.
insert into duplicate (tenant_id, duplicate_id, home_a, home_b, state, apart, probability, evidence,
                       model_version, cause, created_at, refreshed_at, claimed_by, claimed_until,
                       later_until, resolution, resolved_by, resolved_at, note)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)
on conflict (tenant_id, home_a, home_b) do update
set probability = excluded.probability, evidence = excluded.evidence,
    model_version = excluded.model_version, refreshed_at = excluded.refreshed_at
