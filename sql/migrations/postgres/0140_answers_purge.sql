-- At most so many answers that expired, in all tenants, those that ask for nothing any more among them: only the owner, only
-- in here, sees them (as in 0091). A row for each.
create function answer_purge_all(until bigint, most bigint)
returns setof integer
language sql security definer
set search_path = public, pg_temp
as $function$
    with recursive tenants (id) as (
        (select min(tenant_id) from answer)
        union all
        select (select min(tenant_id) from answer where tenant_id > id) from tenants where id is not null)
    delete from answer where ctid = any (array(
        select a.ctid from tenants t join answer a on a.tenant_id = t.id
        where a.expires_at <= until
        limit most for update of a skip locked))
    returning 1
$function$;
revoke all on function answer_purge_all(bigint, bigint) from public;
