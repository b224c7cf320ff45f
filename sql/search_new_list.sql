select number, body from search_new where tenant_id = $1
order by number limit $2
