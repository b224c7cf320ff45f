insert into match_key_new (row_no, tenant_id, hash, home_id) values ($1, $2, $3, $4)
