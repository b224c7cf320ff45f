insert into search_segment (tenant_id, segment, entries, state) values ($1, $2, $3, $4)
