delete from profile_version where tenant_id = $1 and customer_id in (select value from json_each($2))
