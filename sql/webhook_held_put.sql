insert into webhook_held (tenant_id, webhook_id, position, event_id, customer_id, attempts, next_at)
values ($1, $2, $3, $4, $5, $6, $7)
on conflict (tenant_id, webhook_id, position) do update
set event_id = excluded.event_id, customer_id = excluded.customer_id, attempts = excluded.attempts,
    next_at = excluded.next_at
