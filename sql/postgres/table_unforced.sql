-- Tables with rows of tenants on which row-level security is not in force for everybody.
select c.relname
from pg_class c join pg_attribute a on a.attrelid = c.oid
where c.relkind in ('r', 'p') and c.relnamespace = 'public'::regnamespace
  and a.attname = 'tenant_id' and not (c.relrowsecurity and c.relforcerowsecurity)
order by c.relname
