-- The search index (src/search/segment.h). A segment is in use (0), being merged from those that name it
-- in into_segment (1), or left over (2). Bodies and places are text that only the program reads.
create table search_segment (
    tenant_id key_text not null,
    segment bigint not null,
    entries bigint not null,
    state bigint not null,
    into_segment bigint,
    reached key_text,
    primary key (tenant_id, segment)
);
create table search_block (
    tenant_id key_text not null,
    segment bigint not null,
    place key_text not null,
    body text not null,
    primary key (tenant_id, segment, place)
);
-- Customers from before there was an index.
create table search_backlog (
    tenant_id key_text not null,
    home_id key_text not null,
    primary key (tenant_id, home_id)
);
