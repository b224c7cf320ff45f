-- Entries that are in no segment yet; and which home has an entry that is. A number is never given again.
create table search_new (
    number integer primary key autoincrement,
    tenant_id text not null,
    home_id text not null,
    body text not null
);
create index search_new_by_tenant on search_new (tenant_id);
create table search_home (
    number integer primary key,
    tenant_id text not null,
    home_id text not null
);
insert into search_backlog (tenant_id, home_id) select tenant_id, customer_id from profile;
