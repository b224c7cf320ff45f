-- conflict: CUSTOMER_EXISTS
insert into profile (tenant_id, customer_id, version, survivor_id, merge_id, created_at, updated_at,
                     erased_at, kind, status, segment, name, document)
select cast($1 as text), r.*
from unnest($2::text[], $3::bigint[], $4::text[], $5::text[], $6::bigint[], $7::bigint[], $8::bigint[],
            $9::text[], $10::text[], $11::text[], $12::text[], $13::text[]) as r
