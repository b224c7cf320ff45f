-- Of the role that asks: its name, is it above row-level security, does it own a table; of the database: a table
-- on which row-level security is not forced, one that the owner cannot see as a whole (whole_store_policy), and
-- the time in microseconds.
select current_user, r.rolsuper or r.rolbypassrls,
       exists (select from pg_class c where c.relowner = r.oid and c.relnamespace = 'public'::regnamespace),
       (select min(c.relname) from pg_class c join pg_attribute a on a.attrelid = c.oid
        where c.relkind in ('r', 'p') and c.relnamespace = 'public'::regnamespace and a.attname = 'tenant_id'
          and not (c.relrowsecurity and c.relforcerowsecurity)),
       (select min(c.relname) from pg_class c join pg_attribute a on a.attrelid = c.oid
        where c.relkind in ('r', 'p') and c.relnamespace = 'public'::regnamespace and a.attname = 'tenant_id'
          and not exists (select from pg_policy p where p.polrelid = c.oid and p.polname = 'whole_store')),
       cast(extract(epoch from clock_timestamp()) * 1000000 as bigint)
from pg_roles r where r.rolname = current_user
