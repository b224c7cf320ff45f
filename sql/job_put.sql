-- Who holds it, and for how long, stays as it is.
insert into job (tenant_id, job_id, kind, state, actor, document, created_at, updated_at, lane)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
on conflict (tenant_id, job_id) do update
set kind = excluded.kind, state = excluded.state, actor = excluded.actor, document = excluded.document,
    created_at = excluded.created_at, updated_at = excluded.updated_at, lane = excluded.lane
