-- As keys_lock, but nobody waits: gives the owners of those keys that another transaction has.
select owner
from unnest($2::text[], $3::bigint[]) as r (key, owner)
where not pg_try_advisory_xact_lock(hashtextextended($1 || chr(31) || key, 0))
