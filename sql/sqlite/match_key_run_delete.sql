delete from match_key_run where run_no = $1
