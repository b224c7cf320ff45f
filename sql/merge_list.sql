select merge_id, source_id, target_id, reason, actor, merged_at, reversed_at, reverse_actor
from merge
where tenant_id = $1
order by merged_at, merge_id
