select search_backlog_tenant()
