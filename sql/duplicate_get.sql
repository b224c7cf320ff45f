-- lock: duplicate_lock
-- try: duplicate_try
select duplicate_id, home_a, home_b, state, apart, probability, evidence, model_version, cause, created_at,
       refreshed_at, claimed_by, claimed_until, later_until, resolution, resolved_by, resolved_at, note
from duplicate
where tenant_id = $1 and duplicate_id = $2
