-- One descent of the index per key, whatever the planner believes of the table: asked as "key = any", with
-- an order and a limit, a plan made while the table was empty walks all keys of the tenant.
select wanted.number, found.home_id
from unnest($2::text[]) with ordinality as wanted (key, number)
cross join lateral (
    select home_id from match_key
    where tenant_id = $1 and key = wanted.key
    order by home_id limit $3
) as found
order by wanted.number, found.home_id
