select home_id, kind, subject, object_id, source, observed_at, recorded_at, actor, body, import_id, fact_no
from fact
where tenant_id = $1 and object_id = any ($2::text[]) and kind = $3
order by recorded_at, home_id, fact_no
