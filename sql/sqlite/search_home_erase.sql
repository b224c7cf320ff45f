delete from search_home where tenant_id = $1 and home_id in (select value from json_each($2))
