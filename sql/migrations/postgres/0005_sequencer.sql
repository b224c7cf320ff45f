-- Numbers up to `batch` committed events of all tenants in the order of seq and tells how many; -1 when
-- another session is numbering. It runs with the rights of the schema's owner, and only the owner, only in
-- here, sees the outbox of all tenants: whoever calls it learns a count and nothing else. The lock is held
-- until the transaction ends; each statement in here sees what was committed when it began, so the
-- numbering sees all that the sequencer before it did. The planner's settings: its statistics may be of a
-- time when the outbox was empty, and a plan made then would read all of it for every batch.
create policy sequencer on outbox to current_user using (current_setting('app.tenant', true) = '*');

create function sequencer_number(batch bigint) returns bigint
language plpgsql security definer
set search_path = public, pg_temp
set enable_seqscan = off
set enable_hashjoin = off
set enable_mergejoin = off
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
        select tenant_id, seq, row_number() over (order by seq) as n
        from (select tenant_id, seq from outbox where position is null order by seq limit batch) as oldest
    ), head as (
        update feed_head set position = position + (select count(*) from pending)
        where exists (select from pending)
        returning position - (select count(*) from pending) as base
    ), given as (
        update outbox o set position = head.base + pending.n
        from pending, head
        where o.tenant_id = pending.tenant_id and o.seq = pending.seq and o.position is null
        returning 1
    )
    select count(*) into numbered from given;
    perform set_config('app.tenant', tenant_before, true);
    return numbered;
end
$function$;
revoke all on function sequencer_number(bigint) from public;
