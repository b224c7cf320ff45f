select number from search_home where tenant_id = $1 and home_id in (select value from json_each($2))
union
select number from search_new where tenant_id = $1 and home_id in (select value from json_each($2))
order by number
