delete from inbox where ctid = any (array(
    select ctid from inbox where tenant_id = $1 and recorded_at < $2
    order by recorded_at limit $3 for update skip locked))
