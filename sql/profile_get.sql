-- lock: profile_lock
-- try: profile_try
-- many: profile_get_many
select customer_id, version, survivor_id, merge_id, created_at, updated_at, erased_at,
       kind, status, segment, name, document
from profile
where tenant_id = $1 and customer_id = $2
