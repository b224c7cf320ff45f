-- Exports have all customers in them: nothing of their files is left when one is erased.
delete from job_part
where tenant_id = $1
  and exists (select 1 from job j where j.tenant_id = $1 and j.job_id = job_part.job_id and j.kind = 'EXPORT')
