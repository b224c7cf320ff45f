select body from job_part where tenant_id = $1 and job_id = $2 and part_no = $3
