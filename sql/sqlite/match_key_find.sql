select home_id from match_key where tenant_id = $1 and hash = $2 order by home_id limit $3
