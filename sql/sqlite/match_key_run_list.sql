select run_no, state, level, bits, entry_count, end_row from match_key_run order by run_no
