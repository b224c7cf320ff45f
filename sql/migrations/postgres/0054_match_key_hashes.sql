-- A key as the 64-bit hash of the tenant and it: what has the hash is a candidate and is compared. One narrow
-- index that is not unique instead of two wide ones; which keys a home has, for its erasure, is a row for each
-- time that keys were put.
create function match_key_hash(tenant text, key text) returns bigint
language sql immutable parallel safe
return hashtextextended(tenant || chr(31) || key, 0);

create table match_key_home (
    tenant_id key_text not null,
    home_id key_text not null,
    hashes bigint[] not null
);

alter table match_key no force row level security;
alter table match_key add column hash bigint;
update match_key set hash = match_key_hash(tenant_id, key);
alter table match_key alter column hash set not null;
insert into match_key_home (tenant_id, home_id, hashes)
select tenant_id, home_id, array_agg(hash) from match_key group by tenant_id, home_id;
alter table match_key drop constraint match_key_pkey;
drop index match_key_by_home;
alter table match_key drop column key;
alter table match_key force row level security;

create index match_key_by_hash on match_key (hash);
create index match_key_home_by_home on match_key_home (tenant_id, home_id);
alter table match_key_home enable row level security, force row level security;
create policy tenant on match_key_home using (tenant_id = current_setting('app.tenant', true));

create or replace function keys_erase(tenant text, homes text[]) returns void
language sql security definer
set search_path = public, pg_temp
as $function$
    delete from match_key
    where tenant_id = tenant and home_id = any (homes) and hash in (
        select unnest(hashes) from match_key_home where tenant_id = tenant and home_id = any (homes));
    delete from match_key_home where tenant_id = tenant and home_id = any (homes);
$function$;
