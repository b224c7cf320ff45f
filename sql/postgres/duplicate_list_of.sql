-- lock: duplicate_lock_of
-- try: duplicate_try_of
select duplicate_id, home_a, home_b, state, apart, probability, evidence, model_version, cause, created_at,
       refreshed_at, claimed_by, claimed_until, later_until, resolution, resolved_by, resolved_at, note
from duplicate
where tenant_id = $1 and (home_a = any ($2::text[]) or home_b = any ($2::text[]))
order by duplicate_id
