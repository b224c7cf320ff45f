update search_segment set state = $3, into_segment = $4, reached = $5
where tenant_id = $1 and segment = $2
