insert into match_key (tenant_id, key, home_id)
select $1, key, $2 from unnest($3::text[]) as key
on conflict do nothing
