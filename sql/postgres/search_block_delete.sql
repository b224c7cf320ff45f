-- Some thousand at least: each time that the next ones are looked for, those that were deleted just before are
-- passed over.
delete from search_block
where tenant_id = $1 and segment = $2
  and place in (select place from search_block where tenant_id = $1 and segment = $2
                order by place limit greatest(cast($3 as bigint), 4096))
