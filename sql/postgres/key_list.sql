select home_id from match_key
where tenant_id = $1 and hash = match_key_hash($1, $2) and home_id > $3
order by home_id limit $4
