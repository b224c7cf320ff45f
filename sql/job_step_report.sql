update job_step set report = $4
where tenant_id = $1 and job_id = $2 and step_no = $3
