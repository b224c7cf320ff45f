-- Match keys as hashes, in two parts. Their order is random: written one by one into an index of millions,
-- each would dirty a page of its own. So they are appended to match_key_new, where the program finds them
-- by an index in memory, and merged into match_key in the order of the hash, many to a page.
create table match_key (
    tenant_id text not null,
    hash integer not null,
    home_id text not null,
    primary key (tenant_id, hash, home_id)
) without rowid;
create table match_key_new (
    row_no integer primary key,
    tenant_id text not null,
    hash integer not null,
    home_id text not null
);

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
