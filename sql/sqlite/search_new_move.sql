insert into search_home (number, tenant_id, home_id)
select number, tenant_id, home_id from search_new
where tenant_id = $1 and number in (select cast(value as integer) from json_each($2))
