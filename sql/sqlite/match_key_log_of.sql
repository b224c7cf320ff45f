select row_no, hashes from match_key_log
where tenant_id = $1 and home_id in (select value from json_each($2))
