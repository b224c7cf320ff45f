insert into search_new (tenant_id, home_id, body) values ($1, $2, $3)
