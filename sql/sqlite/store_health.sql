-- The newest time among the last events; jobs that have not ended; events without a position.
select (select max(recorded_at) from (select recorded_at from outbox order by rowid desc limit 1000)),
       (select count(*) from job where state in ('QUEUED', 'RUNNING')),
       0
