-- Blocks that stand one behind the other.
select body from search_block
where tenant_id = $1 and segment = $2 and place >= $3 and place <= $4
order by place
