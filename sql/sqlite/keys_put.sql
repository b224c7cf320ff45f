insert or ignore into match_key (tenant_id, key, home_id)
select $1, value, $2 from json_each($3)
