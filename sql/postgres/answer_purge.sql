delete from answer where ctid = any (array(
    select ctid from answer where tenant_id = $1 and expires_at <= $2
    order by expires_at limit $3 for update skip locked))
