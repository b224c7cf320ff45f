-- seq is drawn in the order of the arrays.
insert into outbox (tenant_id, type, event_id, aggregate_id, recorded_at, payload, trace)
select cast($1 as text), r.*
from unnest($2::text[], $3::text[], $4::text[], $5::bigint[], $6::text[], $7::text[]) as r
