select key, home_id
from match_key
where tenant_id = $1 and key in (select value from json_each($2))
order by key, home_id
limit $3
