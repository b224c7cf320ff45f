-- The newest position of the outbox, and what was noted as published.
select (select max(position) from outbox), (select position from relay_position where relay = $1)
