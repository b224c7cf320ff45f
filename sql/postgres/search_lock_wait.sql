-- As search_lock, for whoever cannot come back later.
select pg_advisory_xact_lock(hashtextextended('search' || chr(31) || $1, 0))
