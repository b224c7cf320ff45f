-- Reports of jobs that ended before that time, in all tenants: only the owner, only in here, sees them (as in 0091). What
-- else a step has stays, for an undo.
create function job_report_purge(ended_before bigint)
returns void
language sql security definer
set search_path = public, pg_temp
as $function$
    update job_step s
    set report = null
    from job j
    where s.report is not null and j.tenant_id = s.tenant_id and j.job_id = s.job_id
      and j.state not in ('QUEUED', 'RUNNING') and j.updated_at < ended_before
$function$;
revoke all on function job_report_purge(bigint) from public;
