insert into job_step (tenant_id, job_id, step_no, document, homes, report)
values ($1, $2, $3, $4, $5, $6)
