create table if not exists schema_migration (
    number bigint primary key,
    name text not null,
    digest text not null,
    applied_at bigint not null
)
