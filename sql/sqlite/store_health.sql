-- The newest time among the last events; jobs that have not ended; events without a position; claims on
-- possible duplicates that have run out by $1; customers that the search index lacks, and the most entries of
-- a tenant that are in no segment of it; kept answers that expired an hour before $1.
select (select max(recorded_at) from (select recorded_at from outbox order by rowid desc limit 1000)),
       (select count(*) from job where state in ('QUEUED', 'RUNNING')),
       0,
       (select count(*) from duplicate where claimed_until < $1),
       (select count(*) from search_backlog),
       (select max(entries) from (select count(*) as entries from search_new group by tenant_id) as tails),
       (select count(*) from answer where expires_at < $1 - 3600000000)
