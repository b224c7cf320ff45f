-- Pairs of homes that may be one customer; home_a is the lesser. One row per pair, for ever: a pair that was
-- told apart (apart = 1) stays so. `state` follows from the pairs and the merges (domain/judgement.h) and is
-- kept by whoever changes either. The probability counts thousand-millionths.
create table duplicate (
    tenant_id key_text not null,
    duplicate_id key_text not null,
    home_a key_text not null,
    home_b key_text not null,
    state key_text not null,
    apart bigint not null,
    probability bigint not null,
    evidence text,
    model_version key_text,
    cause key_text not null,
    created_at bigint not null,
    refreshed_at bigint not null,
    claimed_by key_text,
    claimed_until bigint,
    later_until bigint,
    resolution key_text,
    resolved_by key_text,
    resolved_at bigint,
    primary key (tenant_id, duplicate_id)
);
create unique index duplicate_by_pair on duplicate (tenant_id, home_a, home_b);
create index duplicate_by_other on duplicate (tenant_id, home_b);
create index duplicate_by_rank on duplicate (tenant_id, probability desc, duplicate_id);
create index duplicate_by_state on duplicate (tenant_id, state, probability desc, duplicate_id);
create index duplicate_waiting on duplicate (created_at) where state = 'OPEN';
