-- As keys_lock, of one key, beside others that share it.
select pg_advisory_xact_lock_shared(hashtextextended($1 || chr(31) || $2, 0))
