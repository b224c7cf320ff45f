-- One worker on a tenant's index at a time; SQLite has one writer.
select pg_try_advisory_xact_lock(hashtextextended('search' || chr(31) || $1, 0))
