-- lock: job_lock
select job_id, kind, state, actor, document, created_at, updated_at, lane, epoch
from job
where tenant_id = $1 and job_id = $2
