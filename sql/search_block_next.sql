-- The blocks of a segment from the one on that a place would be in.
select body, place from search_block
where tenant_id = $1 and segment = $2
  and place >= coalesce((select max(place) from search_block
                         where tenant_id = $1 and segment = $2 and place <= $3), $3)
order by place limit $4
