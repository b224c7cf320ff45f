-- What the runtime role may do; row-level security narrows it further. Run by the migration role after
-- each migration, for tables may be new. The role comes in a setting, because a grant takes no
-- parameters.
do $grant$
declare
    runtime text := quote_ident(current_setting('app.runtime_role'));
begin
    execute 'grant usage on schema public to ' || runtime;
    execute 'grant select, insert, update, delete on all tables in schema public to ' || runtime;
    execute 'revoke insert, update, delete on schema_migration, feed_head from ' || runtime;
    execute 'revoke update, delete on outbox, fact, profile_version from ' || runtime;
    execute 'revoke delete on profile, merge, match_key, match_key_home, duplicate from ' || runtime;
    execute 'grant usage, select on all sequences in schema public to ' || runtime;
    execute 'grant execute on all functions in schema public to ' || runtime;
end
$grant$
