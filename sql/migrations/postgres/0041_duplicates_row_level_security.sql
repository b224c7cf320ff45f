alter table duplicate enable row level security, force row level security;
create policy tenant on duplicate using (tenant_id = current_setting('app.tenant', true));

-- How many wait, and since when, in all tenants: whoever asks learns two numbers and nothing else. Only the
-- owner, only in here, sees the rows of all tenants.
create policy backlog on duplicate for select to current_user
    using (current_setting('app.tenant', true) = '*');
create function duplicate_backlog(out waiting bigint, out oldest bigint)
language sql stable security definer
set search_path = public, pg_temp
as $function$
    select count(*), min(created_at) from duplicate where state = 'OPEN'
$function$;
revoke all on function duplicate_backlog() from public;
