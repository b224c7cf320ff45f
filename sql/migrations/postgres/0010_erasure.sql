-- Taking away what is kept of a person is no right of the runtime role on the tables: it may call these
-- functions, which take away all there is of a home, or nothing. They run with the rights of the schema's
-- owner, whom row-level security binds to the tenant of the session as it binds the caller.
create index match_key_by_home on match_key (tenant_id, home_id);
-- Rows lie in the order of time: a few pages are read for each change of a customer.
create index outbox_by_time on outbox using brin (recorded_at) with (autosummarize = on);

-- Facts, versions, events and possible duplicates of the homes; an event has the time of the version that it
-- tells of.
create function homes_erase(tenant text, homes text[]) returns void
language plpgsql security definer
set search_path = public, pg_temp
as $function$
begin
    delete from outbox
    where tenant_id = tenant and aggregate_id = any (homes) and recorded_at = any (array(
        select recorded_at from profile_version where tenant_id = tenant and customer_id = any (homes)));
    delete from profile_version where tenant_id = tenant and customer_id = any (homes);
    delete from fact where tenant_id = tenant and home_id = any (homes);
    delete from duplicate where tenant_id = tenant and home_a = any (homes);
    delete from duplicate where tenant_id = tenant and home_b = any (homes);
end
$function$;

create function keys_erase(tenant text, homes text[]) returns void
language sql security definer
set search_path = public, pg_temp
as $function$
    delete from match_key where tenant_id = tenant and home_id = any (homes);
$function$;

create function event_erase(tenant text, aggregate text, at bigint) returns void
language sql security definer
set search_path = public, pg_temp
as $function$
    delete from outbox where tenant_id = tenant and aggregate_id = aggregate and recorded_at = at;
$function$;

revoke all on function homes_erase(text, text[]), keys_erase(text, text[]),
    event_erase(text, text, bigint) from public;
