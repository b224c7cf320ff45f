select message_key, min(message_offset)
from dead_letter
where topic = $1 and message_key = any ($2::text[])
group by message_key
