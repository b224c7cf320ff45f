insert into outbox (tenant_id, position, type, event_id, aggregate_id, recorded_at, payload, trace)
values ($1, (select coalesce(max(position), 0) + 1 from outbox where tenant_id = $1),
        $2, $3, $4, $5, $6, $7)
