delete from dead_letter where topic = $1 and partition_no = $2 and message_offset = $3
