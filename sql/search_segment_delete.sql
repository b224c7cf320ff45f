delete from search_segment where tenant_id = $1 and segment = $2
