create table match_key (
    tenant_id key_text not null,
    key key_text not null,
    home_id key_text not null,
    primary key (tenant_id, key, home_id)
);

-- seq is drawn under the lock on the customer's row, so that it is ordered per customer; the sequencer
-- gives the position to committed rows in the order of seq (decision 0003). cache 1: a session that
-- kept numbers back would break that order.
create sequence outbox_seq as bigint cache 1;
create table outbox (
    tenant_id key_text not null,
    seq bigint not null default nextval('outbox_seq'),
    position bigint,
    type key_text not null,
    event_id key_text not null,
    aggregate_id key_text not null,
    recorded_at bigint not null,
    payload text not null,
    trace text,
    primary key (tenant_id, seq)
);
create unique index outbox_by_position on outbox (tenant_id, position) where position is not null;
create index outbox_unnumbered on outbox (seq) where position is null;

-- The last position given: one row.
create table feed_head (
    only_row boolean primary key default true check (only_row),
    position bigint not null
);
insert into feed_head (position) values (0);

-- Documents are rewritten in place often; room in the page keeps the indexes untouched (HOT).
alter table profile set (fillfactor = 80);
alter table outbox set (fillfactor = 85);
