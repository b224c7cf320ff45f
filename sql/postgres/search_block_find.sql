-- All ranges in one: from $2, below $3, at most $4 blocks of each. The comparisons are ones that
-- row-level security lets an index answer.
select wanted.range, found.body
from unnest($2::text[], $3::text[], ($4::text[])::bigint[]) with ordinality as wanted(first, beyond, most, range)
cross join lateral (
    select b.body
    from search_segment s
    cross join lateral (
        select c.body from search_block c
        where c.tenant_id = $1 and c.segment = s.segment
          and c.place >= coalesce((select max(d.place) from search_block d
                                   where d.tenant_id = $1 and d.segment = s.segment
                                     and d.place <= wanted.first), wanted.first)
          and c.place < wanted.beyond
        order by c.place limit wanted.most
    ) as b
    where s.tenant_id = $1 and s.state = 0
    limit wanted.most
) as found
