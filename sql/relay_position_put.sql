insert into relay_position as p (relay, position)
values ($1, $2)
on conflict (relay) do update
set position = case when excluded.position > p.position then excluded.position else p.position end
