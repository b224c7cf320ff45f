insert into search_new (tenant_id, number, home_id, body) values ($1, $4, $2, $3)
