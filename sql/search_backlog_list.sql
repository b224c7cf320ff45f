select home_id from search_backlog where tenant_id = $1 order by home_id limit $2
