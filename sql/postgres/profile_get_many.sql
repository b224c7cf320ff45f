-- lock: profile_get_many_lock
-- try: profile_get_many_try
select customer_id, version, survivor_id, merge_id, created_at, updated_at, erased_at,
       kind, status, segment, name, document
from profile
where tenant_id = $1 and customer_id = any ($2::text[])
order by customer_id
