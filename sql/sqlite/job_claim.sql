-- One process has the store, and whoever asks for a job of a lane is running none of it.
update job
set holder = $2, epoch = epoch + 1, held_until = $3
where rowid = (
    select j.rowid
    from job j
    where j.lane = $1
      and not exists (select 1 from job e
                      where e.lane = $1 and e.tenant_id = j.tenant_id
                        and (e.state <> 'RUNNING', e.created_at, e.job_id) < (j.state <> 'RUNNING', j.created_at, j.job_id))
    order by j.tenant_id <= $4, j.tenant_id
    limit 1)
returning tenant_id, job_id, epoch
