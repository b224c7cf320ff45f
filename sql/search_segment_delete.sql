-- Once it has no block any more.
delete from search_segment where tenant_id = $1 and segment = $2
  and not exists (select 1 from search_block where tenant_id = $1 and segment = $2)
