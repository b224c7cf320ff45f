-- As in 0091, and: one of a tenant at a time, also when one is made later than its id was. Who claims in a lane does so alone, and
-- behind that lock sees what was claimed before: two jobs of a tenant that are claimed at the same time would each see the
-- other one as it was. Of a tenant nobody has any; of his the one that was begun, then as they were made.
create function job_claim(of_lane text, by_holder text, for_microseconds bigint, after_tenant text)
returns table (in_tenant text, with_id text, with_epoch bigint)
language sql security definer
set search_path = public, pg_temp
as $function$
    select pg_advisory_xact_lock(hashtextextended('job_claim' || chr(31) || of_lane, 0));
    update job
    set holder = by_holder, epoch = epoch + 1,
        held_until = cast(extract(epoch from clock_timestamp()) * 1000000 as bigint) + for_microseconds
    where (tenant_id, job_id) = (
        select j.tenant_id, j.job_id
        from job j
        where j.lane = of_lane
          and j.held_until <= cast(extract(epoch from clock_timestamp()) * 1000000 as bigint)
          and not exists (
              select from job e
              where e.lane = of_lane and e.tenant_id = j.tenant_id
                and (e.held_until > cast(extract(epoch from clock_timestamp()) * 1000000 as bigint)
                     or (e.state <> 'RUNNING', e.created_at, e.job_id) < (j.state <> 'RUNNING', j.created_at, j.job_id)))
        order by j.tenant_id <= after_tenant, j.tenant_id
        limit 1
        for update of j skip locked)
    returning tenant_id, job_id, epoch
$function$;
revoke all on function job_claim(text, text, bigint, text) from public;

-- For the programs of before, while they serve beside the new ones.
create or replace function job_claim(of_lane text, by_holder text, for_microseconds bigint)
returns table (in_tenant text, with_id text, with_epoch bigint)
language sql security definer
set search_path = public, pg_temp
as $function$
    select in_tenant, with_id, with_epoch from job_claim(of_lane, by_holder, for_microseconds, '')
$function$;
