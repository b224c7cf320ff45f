delete from job_part
where written_at < $1
  and not exists (select 1 from job j
                  where j.tenant_id = job_part.tenant_id and j.job_id = job_part.job_id and j.lane is not null)
