select 1 from match_key_log where row_no = $1
