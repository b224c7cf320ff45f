-- See that of PostgreSQL.
select f.home_id, f.kind, f.subject, f.object_id, f.source, f.observed_at, f.recorded_at, f.actor, f.body,
       f.import_id, f.fact_no
from json_each($2) as h
cross join json_each($3) as k
cross join fact as f on f.tenant_id = $1 and f.home_id = h.value and f.fact_no in (
    select fact_no from fact
    where tenant_id = $1 and home_id = h.value and kind = k.value and kind in ('SERVICE_ORDER', 'CONTRACT')
      and observed_at <= $4 and (observed_at < $4 or home_id > $5 or (home_id = $5 and fact_no < $6))
    order by observed_at desc, fact_no desc
    limit $7)
order by f.observed_at desc, f.home_id, f.fact_no desc
limit $7
