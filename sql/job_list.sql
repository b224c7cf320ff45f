select job_id, kind, state, actor, document, created_at, updated_at, lane, epoch
from job
where tenant_id = $1 and job_id < $2
order by job_id desc
limit $3
