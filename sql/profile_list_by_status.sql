-- As profile_list for a given status: reads its index.
select customer_id, version, survivor_id, merge_id, created_at, updated_at, erased_at,
       kind, status, segment, name, document
from profile
where tenant_id = $1 and status = $4 and customer_id > $2
  and (cast($3 as text) is null or kind = $3)
  and (cast($5 as text) is null or segment = $5)
  and (survivor_id is null or $6 = cast(1 as bigint))
  and (erased_at is null or $8 = cast(1 as bigint))
order by customer_id
limit $7
