select hash from suppression where tenant_id = $1 and hash in (select value from json_each($2))
