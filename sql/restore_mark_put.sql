-- As a migration that no program knows, whatever its version: while it is there, none takes this for a store (engines/sql/sql.h).
insert into schema_migration (number, name, digest, applied_at)
values (999999999, 'restore_that_has_not_ended_after_999999998', '', 0)
on conflict do nothing
