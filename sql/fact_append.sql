insert into fact (tenant_id, home_id, fact_no, kind, subject, object_id, source, observed_at,
                  recorded_at, actor, body, import_id)
values (cast($1 as text), cast($2 as text),
        (select coalesce(max(fact_no), 0) + 1 from fact where tenant_id = $1 and home_id = $2),
        $3, $4, $5, $6, $7, $8, $9, $10, $11)
