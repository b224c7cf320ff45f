insert into answer (tenant_id, caller, request_key, fingerprint, status, headers, body, expires_at)
values ($1, $2, $3, $4, $5, $6, $7, $8)
