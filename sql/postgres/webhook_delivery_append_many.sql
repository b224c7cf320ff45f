insert into webhook_delivery (tenant_id, webhook_id, number, position, event_id, event_type, customer_id, at, attempt,
                              outcome, reason, http_status, took_ms)
select cast($1 as text), r.*
from unnest($2::text[], $3::bigint[], $4::bigint[], $5::text[], $6::text[], $7::text[], $8::bigint[], $9::bigint[],
            $10::text[], $11::text[], $12::bigint[], $13::bigint[]) as r
