select run_no, bits from match_key_run where state = 'LIVE'
