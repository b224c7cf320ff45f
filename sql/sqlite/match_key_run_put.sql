insert or replace into match_key_run (run_no, state, level, bits, entry_count, end_row)
values ($1, $2, $3, $4, $5, $6)
