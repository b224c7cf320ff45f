-- Taken out of search_new by the same statement: each is looked for once.
with moved as (
    delete from search_new
    where tenant_id = $1 and number = any (($2::text[])::bigint[])
    returning number, tenant_id, home_id
)
insert into search_home (number, tenant_id, home_id) select number, tenant_id, home_id from moved
