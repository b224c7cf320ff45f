select wanted.number - 1
from unnest($2::text[]) with ordinality as wanted (hash, number)
cross join lateral (select 1 from suppression where tenant_id = $1 and hash = wanted.hash limit 1) as found
