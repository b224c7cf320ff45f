select count(*) from job where tenant_id = $1 and lane is not null
