-- One row, whatever is there. One writer at a time: nobody else works on the key.
select 1, a.fingerprint, a.status, a.headers, a.body, a.expires_at
from (select 1) left join answer a on a.tenant_id = $1 and a.caller = $2 and a.request_key = $3
