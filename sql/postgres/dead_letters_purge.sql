-- A row for each that went.
delete from dead_letter where ctid = any (array(
    select ctid from dead_letter where parked_at < $1
    order by parked_at limit $2 for update skip locked))
returning 1
