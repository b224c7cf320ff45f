select tenant_id from search_backlog limit 1
