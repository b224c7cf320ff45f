-- What a next release may do while this one serves: new tables, new columns with a default, new indexes.
alter table profile add column next_release bigint not null default 0;
create index profile_of_next_release on profile (tenant_id, next_release, customer_id) where next_release > 0;
create table next_release (
    tenant_id key_text not null,
    thing_id key_text not null,
    primary key (tenant_id, thing_id)
);
alter table next_release enable row level security, force row level security;
create policy tenant on next_release using (tenant_id = current_setting('app.tenant', true));
