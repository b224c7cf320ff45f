-- One descent of the index per key, whatever the planner believes of the table: asked as "hash = any", with
-- a limit, a plan made while the table was empty walks all of the table. Which homes of a key that has more
-- than are asked for does not matter: it is cut.
select wanted.number, found.home_id
from unnest($2::text[]) with ordinality as wanted (key, number)
cross join lateral (
    select home_id from match_key
    where tenant_id = $1 and hash = match_key_hash($1, wanted.key)
    limit $3
) as found
order by wanted.number, found.home_id
