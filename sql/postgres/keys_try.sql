-- Those of the keys that another transaction has locked (keys_lock).
select key from unnest($2::text[]) as key
where not pg_try_advisory_xact_lock(hashtextextended($1 || chr(31) || key, 0))
