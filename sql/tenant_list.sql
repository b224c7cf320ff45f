-- Every tenant with customers; for what works on a whole store.
select distinct tenant_id from profile order by tenant_id
