insert into match_key (tenant_id, home_id, key)
select $1, r.* from unnest($2::text[], $3::text[]) as r
on conflict do nothing
