-- As duplicate_list for a given state: reads its index.
select duplicate_id, home_a, home_b, state, apart, probability, evidence, model_version, cause, created_at,
       refreshed_at, claimed_by, claimed_until, later_until, resolution, resolved_by, resolved_at, note
from duplicate
where tenant_id = $1 and state = $2
  and (cast($3 as text) is null or $3 = case when state <> 'OPEN' then state
             when later_until > $4 then 'LATER'
             when claimed_until > $4 then 'CLAIMED'
             else 'OPEN' end)
  and probability >= $5
  and (cast($6 as text) is null or cause = $6)
  and (cast($7 as text) is null or (claimed_by = $7 and claimed_until > $4))
  and probability <= $8 and (probability < $8 or duplicate_id > $9)
order by probability desc, duplicate_id
limit $10
