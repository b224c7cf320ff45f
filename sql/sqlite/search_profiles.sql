select n.number, p.customer_id, p.version, p.survivor_id, p.merge_id, p.created_at, p.updated_at, p.erased_at,
       p.kind, p.status, p.segment, p.name, p.document
from (select h.number, h.tenant_id, h.home_id
      from json_each($2) w join search_home h on h.number = cast(w.value as integer)
      union all
      select h.number, h.tenant_id, h.home_id
      from json_each($2) w join search_new h on h.number = cast(w.value as integer)) n
join profile p on p.tenant_id = n.tenant_id and p.customer_id = n.home_id
where n.tenant_id = $1
