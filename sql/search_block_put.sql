insert into search_block (tenant_id, segment, place, body) values ($1, $2, $3, $4)
