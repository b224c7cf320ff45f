select tenant_id, customer_id from profile where erased_at is null order by random() limit $1
