select key, home_id
from match_key
where tenant_id = $1 and key = any ($2::text[])
order by key, home_id
limit $3
