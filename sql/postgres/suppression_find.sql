select hash from suppression where tenant_id = $1 and hash = any ($2::text[])
