insert or ignore into match_key (tenant_id, hash, home_id)
select tenant_id, hash, home_id from match_key_new where row_no = $1
