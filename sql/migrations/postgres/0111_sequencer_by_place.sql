-- As in 0005, with a plan that is made once: rows are found again by their place in the table, which no
-- statistics can lead elsewhere, and nobody else changes an event that has no position.
create or replace function sequencer_number(batch bigint) returns bigint
language plpgsql security definer
set search_path = public, pg_temp
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
set enable_hashjoin = off
set enable_mergejoin = off
set enable_bitmapscan = off
as $function$
declare
    numbered bigint;
    tenant_before text := coalesce(current_setting('app.tenant', true), '');
begin
    if not pg_try_advisory_xact_lock(4915320193608) then
        return -1;
    end if;
    perform set_config('app.tenant', '*', true);
    with pending as (
        select place, row_number() over (order by seq) as n
        from (select ctid as place, seq from outbox where position is null order by seq limit batch) as oldest
    ), head as (
        update feed_head set position = position + (select count(*) from pending)
        where exists (select from pending)
        returning position - (select count(*) from pending) as base
    ), given as (
        update outbox o set position = head.base + pending.n
        from pending, head
        where o.ctid = pending.place and o.position is null
        returning 1
    )
    select count(*) into numbered from given;
    perform set_config('app.tenant', tenant_before, true);
    return numbered;
end
$function$;
