select at_position, of_type, event, aggregate, at_time, body, traceparent, of_tenant
from relay_events($1, $2)
