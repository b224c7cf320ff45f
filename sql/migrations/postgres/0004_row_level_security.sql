-- A session sees the rows of the tenant that it has set, and none without; the owner is no exception.
alter table profile enable row level security, force row level security;
alter table fact enable row level security, force row level security;
alter table merge enable row level security, force row level security;
alter table match_key enable row level security, force row level security;
alter table outbox enable row level security, force row level security;
alter table profile_version enable row level security, force row level security;
alter table suppression enable row level security, force row level security;
alter table job enable row level security, force row level security;

create policy tenant on profile using (tenant_id = current_setting('app.tenant', true));
create policy tenant on fact using (tenant_id = current_setting('app.tenant', true));
create policy tenant on merge using (tenant_id = current_setting('app.tenant', true));
create policy tenant on match_key using (tenant_id = current_setting('app.tenant', true));
create policy tenant on outbox using (tenant_id = current_setting('app.tenant', true));
create policy tenant on profile_version using (tenant_id = current_setting('app.tenant', true));
create policy tenant on suppression using (tenant_id = current_setting('app.tenant', true));
create policy tenant on job using (tenant_id = current_setting('app.tenant', true));
