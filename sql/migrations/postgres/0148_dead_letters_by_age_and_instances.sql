-- Letters go when they are old.
create index dead_letter_by_age on dead_letter (parked_at);

-- The instances that serve, each by a row that it renews: what is allowed to all of them together is shared by so
-- many. Of no tenant.
create table instance (
    instance_id key_text not null,
    live_until bigint not null,
    primary key (instance_id)
);
