insert into suppression (tenant_id, hash, reason, created_at) values ($1, $2, $3, $4)
on conflict (tenant_id, hash) do update set reason = excluded.reason
