-- In all tenants; a row for each that went.
select answer_purge_all($1, $2)
