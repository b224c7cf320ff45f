select wanted.key from json_each($2) as wanted
where exists (select 1 from profile where tenant_id = $1 and customer_id = wanted.value)
