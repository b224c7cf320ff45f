select position, type, event_id, aggregate_id, recorded_at, payload, trace
from outbox
where tenant_id = $1 and position > $2
order by position
limit $3
