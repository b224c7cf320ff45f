insert into inbox (tenant_id, event_id, recorded_at)
select $1, value, $3 from json_each($2) where true
on conflict do nothing
returning event_id
