insert into profile_version (tenant_id, customer_id, version, recorded_at, actor, cause, changed_fields)
select cast($1 as text), r.*
from unnest($2::text[], $3::bigint[], $4::bigint[], $5::text[], $6::text[], $7::text[]) as r
