-- About $1 customers from anywhere.
with recursive series (n) as (select 1 union all select n + 1 from series where n < $1)
select distinct p.tenant_id, p.customer_id
from profile p
where p.rowid in (select abs(random() % (select max(rowid) from profile)) + 1 from series) and p.erased_at is null
