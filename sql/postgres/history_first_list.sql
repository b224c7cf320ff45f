-- The same of the first fact of each subject alone.
select f.home_id, f.kind, f.subject, f.object_id, f.source, f.observed_at, f.recorded_at, f.actor, f.body,
       f.import_id, f.fact_no
from unnest($2::text[]) as h (home_id)
cross join unnest($3::text[]) as k (kind)
cross join lateral (
    select * from fact as t
    where tenant_id = $1 and home_id = h.home_id and kind = k.kind and kind in ('SERVICE_ORDER', 'CONTRACT')
      and observed_at <= $4 and (observed_at < $4 or home_id > $5 or (home_id = $5 and fact_no < $6))
      and not exists (
          select 1 from fact as e
          where e.tenant_id = $1 and e.home_id = h.home_id and e.kind = k.kind
            and e.kind in ('SERVICE_ORDER', 'CONTRACT') and e.subject = t.subject
            and (e.observed_at, e.fact_no) < (t.observed_at, t.fact_no))
    order by observed_at desc, fact_no desc
    limit $7
) as f
order by f.observed_at desc, f.home_id, f.fact_no desc
limit $7
