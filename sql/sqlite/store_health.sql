-- The newest time among the last events; jobs that have not ended; events without a position; claims on
-- possible duplicates that have run out by $1.
select (select max(recorded_at) from (select recorded_at from outbox order by rowid desc limit 1000)),
       (select count(*) from job where state in ('QUEUED', 'RUNNING')),
       0,
       (select count(*) from duplicate where claimed_until < $1)
