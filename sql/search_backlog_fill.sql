-- Every customer of every tenant, for an index that is made anew.
insert into search_backlog (tenant_id, home_id) select tenant_id, customer_id from profile where erased_at is null
