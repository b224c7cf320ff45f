-- History of one home and kind, subject by subject, each as time goes: what comes behind the fact ($4, $5, $6).
select home_id, kind, subject, object_id, source, observed_at, recorded_at, actor, body, import_id, fact_no
from fact
where tenant_id = $1 and home_id = $2 and kind = $3 and kind in ('SERVICE_ORDER', 'CONTRACT')
  and (subject, observed_at, fact_no) > ($4, $5, $6)
order by subject, observed_at, fact_no
limit $7
