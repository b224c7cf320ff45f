-- Entries that are in no segment yet; and which home has an entry that is. The program
-- counts the numbers.
create table search_new (
    tenant_id text not null,
    number integer not null,
    home_id text not null,
    body text not null,
    primary key (tenant_id, number)
) without rowid;
create table search_home (
    number integer primary key,
    tenant_id text not null,
    home_id text not null
);
insert into search_backlog (tenant_id, home_id) select tenant_id, customer_id from profile;
