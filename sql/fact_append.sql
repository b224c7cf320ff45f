-- The facts of a profile are numbered from 1 on, its history from -999999999999 on: see domain/fact.h.
insert into fact (tenant_id, home_id, fact_no, kind, subject, object_id, source, observed_at,
                  recorded_at, actor, body, import_id)
values (cast($1 as text), cast($2 as text),
        case when $3 in ('SERVICE_ORDER', 'CONTRACT')
             then 1 + coalesce((select max(fact_no) from fact
                                where tenant_id = $1 and home_id = $2 and fact_no < 0), -1000000000000)
             else 1 + coalesce((select max(fact_no) from fact
                                where tenant_id = $1 and home_id = $2 and fact_no > 0), 0) end,
        $3, $4, $5, $6, $7, $8, $9, $10, $11)
