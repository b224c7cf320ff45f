-- One row, whatever is there; its first column is 0 while another transaction works on the key. The lock
-- goes with the transaction.
with claim as materialized (
    select pg_try_advisory_xact_lock(
        hashtextextended($1 || chr(31) || $2 || chr(31) || $3, 7)) as ours
)
select case when claim.ours then 1 else 0 end, a.fingerprint, a.status, a.headers, a.body, a.expires_at
from claim left join answer a on a.tenant_id = $1 and a.caller = $2 and a.request_key = $3
