alter table inbox enable row level security, force row level security;
create policy tenant on inbox using (tenant_id = current_setting('app.tenant', true));
