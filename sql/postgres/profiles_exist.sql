select customer_id from profile where tenant_id = $1 and customer_id = any ($2::text[]) order by customer_id
