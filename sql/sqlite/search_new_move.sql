-- The numbers are those of all entries between the first and the last.
insert into search_home (number, tenant_id, home_id)
select number, tenant_id, home_id from search_new
where tenant_id = $1
  and number between cast(json_extract($2, '$[0]') as integer) and cast(json_extract($2, '$[#-1]') as integer)
