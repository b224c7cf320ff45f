select topic, partition_no, message_offset, message_key, message_value, trace, code, reason, about_tenant,
       about_customer, sent_at, parked_at
from dead_letter
where (topic, partition_no, message_offset) > ($1, $2, $3)
order by topic, partition_no, message_offset
limit $4
