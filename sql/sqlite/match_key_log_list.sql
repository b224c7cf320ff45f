select row_no, hashes from match_key_log where row_no > $1 order by row_no limit $2
