-- One row per customer, merged ones included. `document` is a cache of the golden record.
create table profile (
    tenant_id key_text not null,
    customer_id key_text not null,
    version bigint not null,
    survivor_id key_text,
    merge_id key_text,
    created_at bigint not null,
    updated_at bigint not null,
    erased_at bigint,
    kind key_text not null,
    status key_text not null,
    segment key_text,
    name text not null,
    document text,
    primary key (tenant_id, customer_id)
);
create index profile_by_status on profile (tenant_id, status, customer_id);
create index profile_by_segment on profile (tenant_id, segment, customer_id) where segment is not null;

-- Append-only; fact_no counts the facts of a home, under the lock on the root of its tree.
create table fact (
    tenant_id key_text not null,
    home_id key_text not null,
    fact_no bigint not null,
    kind key_text not null,
    subject key_text, -- a source key, where there is one; an id else
    object_id key_text,
    source key_text not null,
    observed_at bigint not null,
    recorded_at bigint not null,
    actor key_text,
    body text not null,
    primary key (tenant_id, home_id, fact_no)
);
create index fact_by_object on fact (tenant_id, object_id) where object_id is not null;

-- One row per merge, for ever; in force until reversed_at.
create table merge (
    tenant_id key_text not null,
    merge_id key_text not null,
    source_id key_text not null,
    target_id key_text not null,
    reason key_text not null,
    actor key_text,
    merged_at bigint not null,
    reversed_at bigint,
    reverse_actor key_text,
    primary key (tenant_id, merge_id)
);
create index merge_by_target on merge (tenant_id, target_id);
create index merge_by_source on merge (tenant_id, source_id);

create table profile_version (
    tenant_id key_text not null,
    customer_id key_text not null,
    version bigint not null,
    recorded_at bigint not null,
    actor key_text,
    cause key_text not null,
    changed_fields text,
    primary key (tenant_id, customer_id, version)
);

create table suppression (
    tenant_id key_text not null,
    hash key_text not null,
    reason text,
    created_at bigint not null,
    primary key (tenant_id, hash)
);

create table job (
    tenant_id key_text not null,
    job_id key_text not null,
    kind key_text not null,
    state key_text not null,
    actor key_text,
    document text,
    created_at bigint not null,
    updated_at bigint not null,
    primary key (tenant_id, job_id)
);
