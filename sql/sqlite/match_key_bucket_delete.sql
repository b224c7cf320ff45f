delete from match_key_bucket where place >= $1 and place < $2
