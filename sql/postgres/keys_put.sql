insert into match_key (tenant_id, home_id, key)
select cast($1 as text), r.* from unnest($2::text[], $3::text[]) as r
on conflict do nothing
