-- The index as a search sees it: the segments, and behind them the entries that are in none yet.
select segment, changed, null
from search_segment where tenant_id = $1 and state = 0
union all
select number, null, body
from (select number, body from search_new where tenant_id = $1 order by number limit $2) as entry
order by 1
