-- A server that is promoted may lack the last commits of the one before it, and gave their positions again, to other
-- events: whoever had read past them missed those. PostgreSQL numbers each such history (the timeline). When it is
-- another than the one of the last position, positions go on 2^32 further (decision 0124).
alter table feed_head add column timeline bigint;

create function feed_enter_timeline() returns void
language sql security definer
set search_path = public, pg_temp
as $function$
    update feed_head
    set position = position + case when timeline is null then 0 else 4294967296 end, timeline = entered.number
    from (select cast(cast('x' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8) as bit(32)) as bigint))
         as entered (number)
    where timeline is distinct from entered.number
$function$;
revoke all on function feed_enter_timeline() from public;
select feed_enter_timeline();

-- As in 0111 but for the timeline.
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
    perform feed_enter_timeline();
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
