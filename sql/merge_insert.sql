insert into merge (tenant_id, merge_id, source_id, target_id, reason, actor, merged_at, reversed_at,
                   reverse_actor)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
