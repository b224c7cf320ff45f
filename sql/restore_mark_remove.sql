delete from schema_migration where number = 999999999
