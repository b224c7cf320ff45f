-- conflict: CUSTOMER_EXISTS
insert into profile (tenant_id, customer_id, version, survivor_id, merge_id, created_at, updated_at,
                     erased_at, kind, status, segment, name, document)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
