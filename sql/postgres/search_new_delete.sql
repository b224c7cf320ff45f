delete from search_new where tenant_id = $1 and number = any (($2::text[])::bigint[])
