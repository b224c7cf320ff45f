-- Whoever owns the tables, and only he, sees all tenants while he says so: for backup, restore and digest. Run
-- by the migration role after each migration, for tables may be new.
do $policies$
declare
    of_table text;
begin
    for of_table in
        select c.relname
        from pg_class c join pg_attribute a on a.attrelid = c.oid
        where c.relkind in ('r', 'p') and c.relnamespace = 'public'::regnamespace and a.attname = 'tenant_id'
          and not exists (select from pg_policy p where p.polrelid = c.oid and p.polname = 'whole_store')
    loop
        execute format('create policy whole_store on %I to current_user '
                       'using (current_setting(''app.tenant'', true) = ''*'')', of_table);
    end loop;
end
$policies$
