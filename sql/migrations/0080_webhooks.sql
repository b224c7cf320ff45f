-- Subscriptions to the feed: where to, which events, and how far each was told of them. The secrets that
-- deliveries are signed with are not here: they are made from salt and a key that the database does not know.
-- position: all events up to it are delivered, given up, or in webhook_held.
create table webhook (
    tenant_id key_text not null,
    webhook_id key_text not null,
    url text not null,
    event_types text not null,
    description text,
    state key_text not null,
    cause key_text,
    disabled_at bigint,
    version bigint not null,
    created_by key_text not null,
    created_at bigint not null,
    updated_at bigint not null,
    key_id key_text not null,
    salt key_text not null,
    previous_salt key_text,
    previous_until bigint,
    position bigint not null,
    epoch bigint not null,
    turn bigint not null,
    delivered bigint not null,
    given_up bigint not null,
    failures bigint not null,
    failing_since bigint,
    delivered_at bigint,
    log_number bigint not null,
    primary key (tenant_id, webhook_id)
);
-- Events behind the position that are not delivered yet: those of customers of whom one has failed.
create table webhook_held (
    tenant_id key_text not null,
    webhook_id key_text not null,
    position bigint not null,
    event_id key_text not null,
    customer_id key_text not null,
    attempts bigint not null,
    next_at bigint not null,
    primary key (tenant_id, webhook_id, position)
);
-- The log of attempts: ids, times and results, and nothing of what was sent.
create table webhook_delivery (
    tenant_id key_text not null,
    webhook_id key_text not null,
    number bigint not null,
    position bigint not null,
    event_id key_text not null,
    event_type key_text not null,
    customer_id key_text not null,
    at bigint not null,
    attempt bigint not null,
    outcome key_text not null,
    reason key_text not null,
    http_status bigint not null,
    took_ms bigint not null,
    primary key (tenant_id, webhook_id, number)
);
