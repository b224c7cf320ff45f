-- A relay reads the events of all tenants in the order of their positions. Only the owner, only in here, sees
-- them all (policy sequencer); whoever calls it could as well set each tenant in turn (decision 0005). The
-- planner's settings: its statistics may be of a time when the outbox was empty.
create index outbox_in_order on outbox (position) where position is not null;

create function relay_events(after bigint, most bigint)
returns table (at_position bigint, of_type text, event text, aggregate text, at_time bigint, body text,
               traceparent text, of_tenant text)
language sql stable security definer
set search_path = public, pg_temp
set enable_seqscan = off
set enable_sort = off
as $function$
    select position, type, event_id, aggregate_id, recorded_at, payload, trace, tenant_id
    from outbox
    where position > after and position is not null
    order by position
    limit most
$function$;
revoke all on function relay_events(bigint, bigint) from public;
