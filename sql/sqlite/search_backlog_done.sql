delete from search_backlog where tenant_id = $1 and home_id in (select value from json_each($2))
