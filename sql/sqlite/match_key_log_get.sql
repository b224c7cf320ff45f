select home_id, hashes from match_key_log where row_no = $1 and tenant_id = $2
