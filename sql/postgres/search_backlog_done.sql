delete from search_backlog where tenant_id = $1 and home_id = any ($2::text[])
