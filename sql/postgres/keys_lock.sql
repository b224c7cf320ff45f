-- SQLite has one writer and needs no such lock. In the order given, so that two writers never wait for each
-- other; the tenant is part of what is hashed.
select pg_advisory_xact_lock(hashtextextended($1 || chr(31) || key, 0)) from unnest($2::text[]) as key
