-- The next job of lane $1, which is then $2's for $3 microseconds; tenants take turns, from behind $4 on. No row: there is none.
select in_tenant, with_id, with_epoch from job_claim($1, $2, $3, $4)
