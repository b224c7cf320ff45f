alter table job_part enable row level security, force row level security;
create policy tenant on job_part using (tenant_id = current_setting('app.tenant', true));

-- An instance takes the next job of a lane, whatever tenant's: only the owner, only in here, sees them all (policy
-- whole_store, while the tenant is '*'). Of each tenant the first that has not ended, so that they run in the order they were asked for. One
-- whose row is locked is being written by the instance that has it.
create function job_claim(of_lane text, by_holder text, for_microseconds bigint)
returns table (in_tenant text, with_id text, with_epoch bigint)
language sql security definer
set search_path = public, pg_temp
as $function$
    update job
    set holder = by_holder, epoch = epoch + 1,
        held_until = cast(extract(epoch from clock_timestamp()) * 1000000 as bigint) + for_microseconds
    where (tenant_id, job_id) = (
        select j.tenant_id, j.job_id
        from job j
        where j.lane = of_lane
          and j.held_until <= cast(extract(epoch from clock_timestamp()) * 1000000 as bigint)
          and not exists (select from job e
                          where e.lane = of_lane and e.tenant_id = j.tenant_id and e.job_id < j.job_id)
        order by j.job_id
        limit 1
        for update of j skip locked)
    returning tenant_id, job_id, epoch
$function$;
revoke all on function job_claim(text, text, bigint) from public;

-- Parts of jobs that have ended, or never began, written before that time.
create function job_part_purge(written_before bigint)
returns void
language sql security definer
set search_path = public, pg_temp
as $function$
    delete from job_part p
    where p.written_at < written_before
      and not exists (select from job j
                      where j.tenant_id = p.tenant_id and j.job_id = p.job_id and j.lane is not null)
$function$;
revoke all on function job_part_purge(bigint) from public;
