select number, position, event_id, event_type, customer_id, at, attempt, outcome, reason, http_status, took_ms
from webhook_delivery
where tenant_id = $1 and webhook_id = $2 and number = $3
