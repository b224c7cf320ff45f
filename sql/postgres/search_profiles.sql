select n.number, p.customer_id, p.version, p.survivor_id, p.merge_id, p.created_at, p.updated_at, p.erased_at,
       p.kind, p.status, p.segment, p.name, p.document
from (select number, home_id from search_home where tenant_id = $1 and number = any (($2::text[])::bigint[])
      union all
      select number, home_id from search_new where tenant_id = $1 and number = any (($2::text[])::bigint[])) n
join profile p on p.tenant_id = $1 and p.customer_id = n.home_id
