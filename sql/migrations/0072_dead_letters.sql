-- Messages that were put aside: what was refused, and what came behind it with the same key. While one of a key is
-- here the key is parked. Of no tenant: that of a message may not be known. key and value are text, or base64url.
create table dead_letter (
    topic key_text not null,
    partition_no bigint not null,
    message_offset bigint not null,
    message_key key_text,
    message_value text,
    trace key_text,
    code key_text not null,
    reason text not null,
    about_tenant key_text,
    about_customer key_text,
    sent_at bigint not null,
    parked_at bigint not null,
    primary key (topic, partition_no, message_offset)
);
create index dead_letter_by_key on dead_letter (topic, message_key) where message_key is not null;
create index dead_letter_by_customer on dead_letter (about_tenant, about_customer) where about_customer is not null;
