delete from search_block
where tenant_id = $1 and segment = $2
  and place in (select place from search_block where tenant_id = $1 and segment = $2
                order by place limit $3)
