-- The messages that were consumed: put in the transaction of what they did, so that one that comes again
-- does nothing. Taken away some time later.
create table inbox (
    tenant_id key_text not null,
    event_id key_text not null,
    recorded_at bigint not null,
    primary key (tenant_id, event_id)
);
create index inbox_by_time on inbox (tenant_id, recorded_at);
