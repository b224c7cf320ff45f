-- The key is all there is to a row: the index is the table.
create table match_key (
    tenant_id text not null,
    key text not null,
    home_id text not null,
    primary key (tenant_id, key, home_id)
) without rowid;

-- One writer: the position is given at once.
create table outbox (
    tenant_id text not null,
    position bigint not null,
    type text not null,
    event_id text not null,
    aggregate_id text not null,
    recorded_at bigint not null,
    payload text not null,
    trace text,
    primary key (tenant_id, position)
);
