\set id random(0, :profiles - 1)
select customer_id, version, survivor_id, merge_id, created_at, updated_at, erased_at,
       kind, status, segment, name, document
from profile
where tenant_id = 'default' and customer_id = 'CUST-' || lpad(:id::bigint::text, 10, '0')
