select b.body
from search_segment s cross join search_block b
where s.tenant_id = $1 and s.state = 0 and b.tenant_id = $1 and b.segment = s.segment
  and b.place >= coalesce((select max(c.place) from search_block c
                           where c.tenant_id = $1 and c.segment = s.segment and c.place <= $2), $2)
  and b.place < $3
limit $4
