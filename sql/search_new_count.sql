-- How many entries are in no segment yet, $2 at most.
select count(*) from (select 1 from search_new where tenant_id = $1 limit $2) as tail
