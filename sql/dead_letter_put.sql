insert into dead_letter (topic, partition_no, message_offset, message_key, message_value, trace, code, reason,
                         about_tenant, about_customer, sent_at, parked_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
on conflict do nothing
