alter table webhook enable row level security, force row level security;
alter table webhook_held enable row level security, force row level security;
alter table webhook_delivery enable row level security, force row level security;
create policy tenant on webhook using (tenant_id = current_setting('app.tenant', true));
create policy tenant on webhook_held using (tenant_id = current_setting('app.tenant', true));
create policy tenant on webhook_delivery using (tenant_id = current_setting('app.tenant', true));

-- Who delivers asks for the webhooks of all tenants. Only the owner, only in here, sees them all; whoever calls
-- it could as well set each tenant in turn (decision 0005).
create policy deliverer on webhook for select to current_user
    using (current_setting('app.tenant', true) = '*');
create function webhook_all() returns setof webhook
language sql stable security definer
set search_path = public, pg_temp
as $function$
    select * from webhook order by tenant_id, webhook_id
$function$;
revoke all on function webhook_all() from public;
