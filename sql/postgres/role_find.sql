-- Of the runtime role $1: does row-level security bind it, and is it not the one that migrates?
select not (rolsuper or rolbypassrls), rolname <> current_user
from pg_roles where rolname = $1
