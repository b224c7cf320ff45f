select position, type, event_id, aggregate_id, recorded_at, payload, trace, tenant_id
from outbox
where position > $1
order by position
limit $2
