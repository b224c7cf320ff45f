select job_id, step_no, report
from job_step
where tenant_id = $1 and report is not null and (job_id, step_no) > ($2, $3)
order by job_id, step_no
limit $4
