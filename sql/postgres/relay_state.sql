select (select position from feed_head), (select position from relay_position where relay = $1)
