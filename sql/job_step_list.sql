select step_no, document, homes, report
from job_step
where tenant_id = $1 and job_id = $2 and step_no > $3
order by step_no
limit $4
