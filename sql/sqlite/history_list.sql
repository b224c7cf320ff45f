select home_id, kind, subject, object_id, source, observed_at, recorded_at, actor, body, import_id
from fact
where tenant_id = $1 and home_id in (select value from json_each($2)) and kind in ('SERVICE_ORDER', 'CONTRACT')
