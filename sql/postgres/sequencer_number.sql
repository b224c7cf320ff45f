-- Numbers up to $1 committed events in the order of seq, with app.tenant = '*'; gives how many.
with pending as (
    select tenant_id, seq, row_number() over (order by seq) as n
    from (select tenant_id, seq from outbox where position is null order by seq limit $1) as oldest
), head as (
    update feed_head set position = position + (select count(*) from pending)
    where exists (select from pending)
    returning position - (select count(*) from pending) as base
), numbered as (
    update outbox o set position = head.base + pending.n
    from pending, head
    where o.tenant_id = pending.tenant_id and o.seq = pending.seq and o.position is null
    returning 1
)
select count(*) from numbered
