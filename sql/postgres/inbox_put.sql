-- In the order given, so that no two wait for each other.
insert into inbox (tenant_id, event_id, recorded_at)
select cast($1 as text), e.id, $3 from unnest($2::text[]) with ordinality as e (id, place) order by e.place
on conflict do nothing
returning event_id
