-- Tells role_grant the role.
select set_config('app.runtime_role', $1, false)
