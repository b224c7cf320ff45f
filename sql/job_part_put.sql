insert into job_part (tenant_id, job_id, part_no, written_at, body)
values ($1, $2, $3, $4, $5)
