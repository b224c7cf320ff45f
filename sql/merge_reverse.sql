update merge set reversed_at = $3, reverse_actor = $4 where tenant_id = $1 and merge_id = $2
