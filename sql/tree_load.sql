-- Homes of the tree under $2 as of $3, root first, each with its facts: one row per fact, at least one
-- per home. What is history is left out: see domain/fact.h.
with recursive tree (customer_id, parent_id, joined_at, depth) as (
    select cast($2 as key_text), cast(null as key_text), cast(null as bigint), 0
    union all
    select m.source_id, m.target_id, m.merged_at, tree.depth + 1
    from tree join merge m on m.tenant_id = $1 and m.target_id = tree.customer_id
    where m.merged_at <= $3 and (m.reversed_at is null or m.reversed_at > $3)
)
select t.customer_id, t.parent_id, t.joined_at, p.created_at, f.kind, f.subject, f.object_id, f.source,
       f.observed_at, f.recorded_at, f.actor, f.body, f.import_id, f.fact_no
from tree t
join profile p on p.tenant_id = $1 and p.customer_id = t.customer_id
left join fact f on f.tenant_id = $1 and f.home_id = t.customer_id and f.recorded_at <= $3
                   and f.fact_no >= 0 and f.kind not in ('SERVICE_ORDER', 'CONTRACT')
order by t.depth, t.joined_at, t.customer_id, f.fact_no
