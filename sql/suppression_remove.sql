delete from suppression where tenant_id = $1 and hash = $2
