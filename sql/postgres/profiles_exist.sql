-- One descent of the index per id, whatever the planner believes.
select wanted.number - 1
from unnest($2::text[]) with ordinality as wanted (id, number)
cross join lateral (select 1 from profile where tenant_id = $1 and customer_id = wanted.id limit 1) as found
