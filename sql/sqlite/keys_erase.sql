delete from match_key where tenant_id = $1 and home_id in (select value from json_each($2))
