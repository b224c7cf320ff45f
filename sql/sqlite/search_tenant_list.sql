select tenant_id from search_segment union select tenant_id from search_new
