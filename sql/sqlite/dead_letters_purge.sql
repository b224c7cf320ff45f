-- A row for each that went.
delete from dead_letter where rowid in
    (select rowid from dead_letter where parked_at < $1 order by parked_at limit $2)
returning 1
