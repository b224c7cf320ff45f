-- One descent of the index per id: asked as "= any", each row of the tenant may be compared with each id.
select wanted.number - 1
from unnest($2::text[]) with ordinality as wanted (id, number)
cross join lateral (select 1 from profile where tenant_id = $1 and customer_id = wanted.id limit 1) as found
