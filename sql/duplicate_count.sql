-- By what shows at $2, cause and resolution; those resolved since $3 by day as well.
select shown, cause, resolution, day, count(*), min(created_at)
from (select case when state <> 'OPEN' then state
                  when later_until > $2 then 'LATER'
                  when claimed_until > $2 then 'CLAIMED'
                  else 'OPEN' end as shown,
             cause, resolution, created_at,
             case when resolved_at >= $3 then resolved_at / 86400000000 end as day
      from duplicate
      where tenant_id = $1) as seen
group by shown, cause, resolution, day
order by shown, cause, resolution, day
