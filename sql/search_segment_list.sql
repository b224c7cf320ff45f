select segment, entries, state, into_segment, reached
from search_segment where tenant_id = $1 order by segment
