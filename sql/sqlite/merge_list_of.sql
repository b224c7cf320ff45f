select merge_id, source_id, target_id, reason, actor, merged_at, reversed_at, reverse_actor
from merge
where tenant_id = $1 and source_id in (select value from json_each($2))
union
select merge_id, source_id, target_id, reason, actor, merged_at, reversed_at, reverse_actor
from merge
where tenant_id = $1 and target_id in (select value from json_each($2))
order by merged_at, merge_id
