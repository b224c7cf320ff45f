-- Blocks of any segments, by their places, in that order.
select wanted.number, b.body
from unnest(($2::text[])::bigint[], $3::text[]) with ordinality as wanted(segment, place, number)
join search_block b on b.tenant_id = $1 and b.segment = wanted.segment and b.place = wanted.place
