select number from search_home where tenant_id = $1 and home_id = any ($2::text[])
union
select number from search_new where tenant_id = $1 and home_id = any ($2::text[])
order by number
