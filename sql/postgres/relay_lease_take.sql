-- Of $1 by $3 for $4 microseconds; $2 is the outbox's name when it has none yet. No row: another's has not run out,
-- or nobody's ran out $5 microseconds ago. Whoever is told the newest position afterwards is told one of this timeline.
insert into relay_lease as l (relay, outbox_id, holder, epoch, held_until)
select $1, $2, $3, 1, cast(extract(epoch from clock_timestamp()) * 1000000 as bigint) + $4
from feed_enter_timeline()
on conflict (relay) do update
set epoch = l.epoch + case when l.holder = excluded.holder then 0 else 1 end,
    holder = excluded.holder,
    held_until = excluded.held_until
where (l.holder = excluded.holder and $5 = 0)
   or l.held_until + $5 <= cast(extract(epoch from clock_timestamp()) * 1000000 as bigint)
returning epoch, outbox_id
