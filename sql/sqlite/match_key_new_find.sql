select home_id from match_key_new where row_no = $1 and tenant_id = $2 and hash = $3
