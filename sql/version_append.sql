insert into profile_version (tenant_id, customer_id, version, recorded_at, actor, cause, changed_fields)
values ($1, $2, $3, $4, $5, $6, $7)
