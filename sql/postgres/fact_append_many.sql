-- The numbers of a home go on from its last one, with gaps: they are in order. See fact_append.
insert into fact (tenant_id, home_id, fact_no, kind, subject, object_id, source, observed_at, recorded_at,
                  actor, body, import_id)
select cast($1 as text), r.home_id,
       r.place + case when r.kind in ('SERVICE_ORDER', 'CONTRACT')
                      then coalesce((select max(fact_no) from fact
                                     where tenant_id = $1 and home_id = r.home_id and fact_no < 0), -1000000000000)
                      else coalesce((select max(fact_no) from fact
                                     where tenant_id = $1 and home_id = r.home_id and fact_no > 0), 0) end,
       r.kind, r.subject, r.object_id, r.source, r.observed_at, r.recorded_at, r.actor, r.body,
       r.import_id
from unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::bigint[], $8::bigint[],
            $9::text[], $10::text[], $11::text[]) with ordinality
     as r (home_id, kind, subject, object_id, source, observed_at, recorded_at, actor, body, import_id,
           place)
