-- In all tenants; a row for each that went. The tenants are found by steps through the index.
with recursive tenants (id) as (
    select min(tenant_id) from answer
    union all
    select (select min(tenant_id) from answer where tenant_id > id) from tenants where id is not null)
delete from answer where rowid in
    (select a.rowid from tenants t cross join answer a on a.tenant_id = t.id where a.expires_at <= $1 limit $2)
returning 1
