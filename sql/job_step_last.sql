select step_no, document
from job_step
where tenant_id = $1 and job_id = $2
order by step_no desc
limit 1
