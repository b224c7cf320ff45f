select webhook_id, url, event_types, description, state, cause, disabled_at, version, created_by, created_at,
       updated_at, key_id, salt, previous_salt, previous_until, position, epoch, turn, delivered, given_up, failures,
       failing_since, delivered_at, log_number, tenant_id
from webhook_all()
