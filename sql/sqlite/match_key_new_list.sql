select row_no, hash from match_key_new where row_no > $1 order by row_no limit $2
