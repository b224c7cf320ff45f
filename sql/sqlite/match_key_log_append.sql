insert into match_key_log (row_no, tenant_id, home_id, hashes) values ($1, $2, $3, $4)
