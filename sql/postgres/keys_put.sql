-- Keys that the home has already are not written again; its row is locked, so that nobody else writes them.
-- One descent of the index per key, as in keys_find.
with put as (
    insert into match_key (tenant_id, home_id, hash)
    select distinct cast($1 as text), wanted.home_id, wanted.hash
    from (
        select r.home_id, match_key_hash($1, r.key) as hash
        from unnest($2::text[], $3::text[]) as r (home_id, key)
        offset 0
    ) as wanted
    left join lateral (
        select true as is_there from match_key as there
        where there.tenant_id = $1 and there.hash = wanted.hash and there.home_id = wanted.home_id
        limit 1
    ) as found on true
    where found.is_there is null
    returning home_id, hash
)
insert into match_key_home (tenant_id, home_id, hashes)
select $1, home_id, array_agg(hash) from put group by home_id
