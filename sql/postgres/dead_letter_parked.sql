select message_key, min(message_offset)
from dead_letter
where topic = $1 and left(message_key, 200) = any (select left(key, 200) from unnest($2::text[]) as asked(key))
  and message_key = any ($2::text[])
group by message_key
