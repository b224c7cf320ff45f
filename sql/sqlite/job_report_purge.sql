update job_step
set report = null
where report is not null
  and exists (select 1 from job j
              where j.tenant_id = job_step.tenant_id and j.job_id = job_step.job_id
                and j.state not in ('QUEUED', 'RUNNING') and j.updated_at < $1)
