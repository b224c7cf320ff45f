select merge_id, source_id, target_id, reason, actor, merged_at, reversed_at, reverse_actor
from merge
where tenant_id = $1 and source_id = any ($2::text[])
union
select merge_id, source_id, target_id, reason, actor, merged_at, reversed_at, reverse_actor
from merge
where tenant_id = $1 and target_id = any ($2::text[])
order by merged_at, merge_id
