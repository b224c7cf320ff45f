-- SQLite has one writer and needs no such lock. Sorted, so that two writers never wait for each other;
-- the tenant is part of what is hashed.
select pg_advisory_xact_lock(k)
from (select distinct hashtextextended($1 || chr(31) || key, 0) as k
      from unnest($2::text[]) as key order by k) as keys
