-- What a new customer writes, in one statement: a profile, its first version, its facts and keys, its event,
-- and how it is found.
-- conflict: CUSTOMER_EXISTS
with new_profile as (
    insert into profile (tenant_id, customer_id, version, survivor_id, merge_id, created_at, updated_at,
                         erased_at, kind, status, segment, name, document)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
), new_version as (
    insert into profile_version (tenant_id, customer_id, version, recorded_at, actor, cause, changed_fields)
    values ($1, $14, $15, $16, $17, $18, $19)
), new_facts as (
    insert into fact (tenant_id, home_id, fact_no, kind, subject, object_id, source, observed_at,
                      recorded_at, actor, body, import_id)
    select $1, r.home_id,
           r.place - case when r.kind in ('SERVICE_ORDER', 'CONTRACT') then 1000000000000 else 0 end,
           r.kind, r.subject, r.object_id, r.source, r.observed_at, r.recorded_at, r.actor, r.body,
           r.import_id
    from unnest($20::text[], $21::text[], $22::text[], $23::text[], $24::text[], $25::bigint[],
                $26::bigint[], $27::text[], $28::text[], $29::text[]) with ordinality
         as r (home_id, kind, subject, object_id, source, observed_at, recorded_at, actor, body,
               import_id, place)
), new_keys as (
    insert into match_key (tenant_id, home_id, hash)
    select $1, r.home_id, match_key_hash($1, r.key)
    from unnest($30::text[], $31::text[]) as r (home_id, key)
), new_home as (
    insert into match_key_home (tenant_id, home_id, hashes)
    select $1, r.home_id, array_agg(match_key_hash($1, r.key))
    from unnest($30::text[], $31::text[]) as r (home_id, key)
    group by r.home_id
), new_entry as (
    insert into search_new (tenant_id, home_id, body)
    select $1, r.* from unnest($38::text[], $39::text[]) as r
)
insert into outbox (tenant_id, type, event_id, aggregate_id, recorded_at, payload, trace)
values ($1, $32, $33, $34, $35, $36, $37)
