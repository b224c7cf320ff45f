-- The numbers of a home go on from its last one, with gaps: they are in order.
insert into fact (tenant_id, home_id, fact_no, kind, subject, object_id, source, observed_at, recorded_at,
                  actor, body)
select cast($1 as text), r.home_id,
       r.place + coalesce((select max(fact_no) from fact where tenant_id = $1 and home_id = r.home_id), 0),
       r.kind, r.subject, r.object_id, r.source, r.observed_at, r.recorded_at, r.actor, r.body
from unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::bigint[], $8::bigint[],
            $9::text[], $10::text[]) with ordinality
     as r (home_id, kind, subject, object_id, source, observed_at, recorded_at, actor, body, place)
