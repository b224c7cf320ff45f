delete from answer where rowid in
    (select rowid from answer where tenant_id = $1 and expires_at <= $2 order by expires_at limit $3)
