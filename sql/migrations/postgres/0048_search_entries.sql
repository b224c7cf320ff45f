-- Entries that are in no segment yet; and which home has an entry that is.
create sequence search_number as bigint;
create table search_new (
    tenant_id key_text not null,
    number bigint not null default nextval('search_number'),
    home_id key_text not null,
    body text not null,
    primary key (tenant_id, number)
);
create table search_home (
    tenant_id key_text not null,
    number bigint not null,
    home_id key_text not null,
    primary key (tenant_id, number)
);

-- Row-level security holds the owner too; for this one statement it does not, and nobody else can read
-- in between.
alter table profile no force row level security;
insert into search_backlog (tenant_id, home_id) select tenant_id, customer_id from profile;
alter table profile force row level security;

alter table search_segment enable row level security, force row level security;
alter table search_block enable row level security, force row level security;
alter table search_backlog enable row level security, force row level security;
alter table search_new enable row level security, force row level security;
alter table search_home enable row level security, force row level security;
create policy tenant on search_segment using (tenant_id = current_setting('app.tenant', true));
create policy tenant on search_block using (tenant_id = current_setting('app.tenant', true));
create policy tenant on search_backlog using (tenant_id = current_setting('app.tenant', true));
create policy tenant on search_new using (tenant_id = current_setting('app.tenant', true));
create policy tenant on search_home using (tenant_id = current_setting('app.tenant', true));

-- A tenant with a backlog, for whoever works it off: with the rights of the schema's owner, who in here
-- alone sees that table of all tenants. It tells a tenant's name and nothing of him.
create policy indexer on search_backlog for select to current_user
    using (current_setting('app.tenant', true) = '*');
create function search_backlog_tenant() returns text
language plpgsql security definer
set search_path = public, pg_temp
as $function$
declare
    found_tenant text;
    tenant_before text := coalesce(current_setting('app.tenant', true), '');
begin
    perform set_config('app.tenant', '*', true);
    select tenant_id into found_tenant from search_backlog limit 1;
    perform set_config('app.tenant', tenant_before, true);
    return found_tenant;
end
$function$;
revoke all on function search_backlog_tenant() from public;
