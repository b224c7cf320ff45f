-- How far a relay has published the outbox, as it notes now and then: for people, and for a store that was
-- restored. What counts is the record that stands in Kafka with the events.
create table relay_position (
    relay key_text not null,
    position bigint not null,
    primary key (relay)
);
-- Which instance publishes. outbox_id tells this outbox from what is restored from a backup of it: there it is
-- another.
create table relay_lease (
    relay key_text not null,
    outbox_id key_text not null,
    holder key_text not null,
    epoch bigint not null,
    held_until bigint not null,
    primary key (relay)
);
