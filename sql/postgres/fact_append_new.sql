-- Of homes that this transaction inserts, which have no facts yet: see fact_append_many.
insert into fact (tenant_id, home_id, fact_no, kind, subject, object_id, source, observed_at, recorded_at,
                  actor, body, import_id)
select cast($1 as text), r.home_id,
       r.place - case when r.kind in ('SERVICE_ORDER', 'CONTRACT') then 1000000000000 else 0 end,
       r.kind, r.subject, r.object_id, r.source, r.observed_at, r.recorded_at, r.actor, r.body,
       r.import_id
from unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::bigint[], $8::bigint[],
            $9::text[], $10::text[], $11::text[]) with ordinality
     as r (home_id, kind, subject, object_id, source, observed_at, recorded_at, actor, body, import_id,
           place)
