select place from search_block where tenant_id = $1 and segment = $2 order by place
