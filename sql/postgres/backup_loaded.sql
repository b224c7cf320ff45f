-- The feed goes on behind what was restored.
update feed_head set position = (select coalesce(max(position), 0) from outbox)
