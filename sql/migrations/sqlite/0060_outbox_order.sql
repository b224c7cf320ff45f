-- One row of positions for all tenants, as on PostgreSQL: a relay that publishes the events of all of them keeps
-- one place. autoincrement: a position is never given again, not even when the events at the end were erased;
-- who had read past it would miss the new one. A store of one tenant keeps its positions; with several they
-- are given anew in the order in which they were written.
create table outbox_in_order (
    position integer primary key autoincrement,
    tenant_id text not null,
    type text not null,
    event_id text not null,
    aggregate_id text not null,
    recorded_at bigint not null,
    payload text not null,
    trace text
);
insert into outbox_in_order (position, tenant_id, type, event_id, aggregate_id, recorded_at, payload, trace)
select case when (select count(distinct tenant_id) from outbox) = 1 then position else rowid end,
       tenant_id, type, event_id, aggregate_id, recorded_at, payload, trace
from outbox order by 1;
drop table outbox;
alter table outbox_in_order rename to outbox;
create index outbox_by_tenant on outbox (tenant_id);
