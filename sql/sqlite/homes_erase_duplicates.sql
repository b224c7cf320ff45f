delete from duplicate
where tenant_id = $1 and (home_a in (select value from json_each($2)) or home_b in (select value from json_each($2)))
