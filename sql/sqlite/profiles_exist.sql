select customer_id from profile where tenant_id = $1 and customer_id in (select value from json_each($2))
order by customer_id
