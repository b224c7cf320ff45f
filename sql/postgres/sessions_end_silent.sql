-- Ends sessions of this program that stopped in the middle of a unit of work; gives how many. What was sent
-- without its end keeps the session "active" while the server reads, and no timeout of its own counts then.
select count(*) filter (where pg_terminate_backend(pid)) from pg_stat_activity
 where usename = current_user and datname = current_database() and pid <> pg_backend_pid()
   and application_name = current_setting('application_name')
   and state = 'active' and wait_event_type = 'Client' and wait_event = 'ClientRead'
   and current_setting('statement_timeout')::interval > interval '0'
   and greatest(state_change, query_start) < clock_timestamp() - current_setting('statement_timeout')::interval
