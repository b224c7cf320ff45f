delete from search_new where tenant_id = $1 and home_id = any ($2::text[])
