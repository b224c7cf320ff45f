-- Of homes that this transaction inserts, which have no keys yet; each key of a home once.
with put as (
    insert into match_key (tenant_id, home_id, hash)
    select cast($1 as text), r.home_id, match_key_hash($1, r.key)
    from unnest($2::text[], $3::text[]) as r (home_id, key)
)
insert into match_key_home (tenant_id, home_id, hashes)
select $1, r.home_id, array_agg(match_key_hash($1, r.key))
from unnest($2::text[], $3::text[]) as r (home_id, key)
group by r.home_id
