update merge set reason = $3 where tenant_id = $1 and merge_id = $2
