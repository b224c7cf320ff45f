-- History of these homes and kinds behind the place ($4, $5, $6), newest first, what came later first among those
-- of one time: the first $7 of each home and kind by the index, and of those the first $7.
select f.home_id, f.kind, f.subject, f.object_id, f.source, f.observed_at, f.recorded_at, f.actor, f.body,
       f.import_id, f.fact_no
from unnest($2::text[]) as h (home_id)
cross join unnest($3::text[]) as k (kind)
cross join lateral (
    select * from fact
    where tenant_id = $1 and home_id = h.home_id and kind = k.kind and kind in ('SERVICE_ORDER', 'CONTRACT')
      and observed_at <= $4 and (observed_at < $4 or home_id > $5 or (home_id = $5 and fact_no < $6))
    order by observed_at desc, fact_no desc
    limit $7
) as f
order by f.observed_at desc, f.home_id, f.fact_no desc
limit $7
