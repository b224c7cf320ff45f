select message_key, min(message_offset)
from dead_letter
where topic = $1 and message_key in (select value from json_each($2))
group by message_key
