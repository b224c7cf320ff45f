delete from answer where tenant_id = $1 and caller = $2 and request_key = $3
