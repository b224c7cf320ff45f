select entries from match_key_bucket where place = $1
