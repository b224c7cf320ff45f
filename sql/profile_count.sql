select count(*) from (select 1 from profile where tenant_id = $1 limit $2) as counted
