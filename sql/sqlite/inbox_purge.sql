delete from inbox where rowid in
    (select rowid from inbox where tenant_id = $1 and recorded_at < $2 order by recorded_at limit $3)
