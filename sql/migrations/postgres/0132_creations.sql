-- Waits until the creations of the tenant that share the lock have ended, and gives the last number that an event
-- of theirs can have. The lock goes with the block that took it, so that whoever began meanwhile waits no longer.
create function creations_await(tenant text, lock_key text) returns bigint
language plpgsql
set search_path = public, pg_temp
as $function$
declare
    mark bigint;
begin
    begin
        perform pg_advisory_xact_lock(hashtextextended(tenant || chr(31) || lock_key, 0));
        select case when is_called then last_value else 0 end into mark from outbox_seq;
        raise exception using errcode = 'C3600';
    exception when sqlstate 'C3600' then
        return mark;
    end;
end
$function$;
revoke all on function creations_await(text, text) from public;

-- Homes that this transaction put keys of, each with a home that another has created behind the mark and that has
-- one of these keys. The planner's settings: its statistics may be of a time when the tables were empty.
create function creations_met(tenant text, mark bigint, created text)
returns table (own text, other text)
language sql
set search_path = public, pg_temp
set enable_seqscan = off
set enable_hashjoin = off
set enable_mergejoin = off
set enable_bitmapscan = off
as $function$
    select distinct cast(mine.home_id as text), cast(theirs.home_id as text)
    from (
        select aggregate_id from outbox
        where tenant_id = tenant and seq > mark and type = created and xmin <> cast(pg_current_xact_id() as xid)
        order by seq
        offset 0
    ) as since
    join match_key_home as theirs on theirs.tenant_id = tenant and theirs.home_id = since.aggregate_id
    cross join lateral unnest(theirs.hashes) as shared (hash)
    join match_key as mine on mine.tenant_id = tenant and mine.hash = shared.hash
    where mine.xmin = cast(pg_current_xact_id() as xid)
$function$;
revoke all on function creations_met(text, bigint, text) from public;
