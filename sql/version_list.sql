select customer_id, version, recorded_at, actor, cause, changed_fields
from profile_version
where tenant_id = $1 and customer_id = $2 and version < $3
order by version desc
limit $4
