delete from match_key_new where row_no >= $1 and row_no < $2
