select (select max(recorded_at) from outbox),
       (select count(*) from job where state in ('QUEUED', 'RUNNING')),
       (select count(*) from outbox where position is null),
       (select count(*) from duplicate where claimed_until < $1),
       (select count(*) from search_backlog),
       (select max(entries) from (select count(*) as entries from search_new group by tenant_id) as tails),
       (select count(*) from answer where expires_at < $1 - 3600000000)
