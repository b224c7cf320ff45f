delete from job_part where tenant_id = $1 and job_id = $2
