-- lock: duplicate_lock_of
-- try: duplicate_try_of
-- One index for each end: asked with "or", or without saying what comes first, SQLite reads the whole queue.
select duplicate_id, home_a, home_b, state, apart, probability, evidence, model_version, cause, created_at,
       refreshed_at, claimed_by, claimed_until, later_until, resolution, resolved_by, resolved_at, note
from json_each($2) as wanted cross join duplicate
where tenant_id = $1 and home_a = wanted.value
union
select duplicate_id, home_a, home_b, state, apart, probability, evidence, model_version, cause, created_at,
       refreshed_at, claimed_by, claimed_until, later_until, resolution, resolved_by, resolved_at, note
from json_each($2) as wanted cross join duplicate
where tenant_id = $1 and home_b = wanted.value
order by duplicate_id
