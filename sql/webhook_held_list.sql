select position, event_id, customer_id, attempts, next_at
from webhook_held
where tenant_id = $1 and webhook_id = $2 and position > $3
order by position
limit $4
