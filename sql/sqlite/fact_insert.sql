-- A fact of a home that has the facts before this number and no other: see fact_append.
insert into fact (tenant_id, home_id, fact_no, kind, subject, object_id, source, observed_at,
                  recorded_at, actor, body, import_id)
values ($1, $3, $2, $4, $5, $6, $7, $8, $9, $10, $11, $12)
