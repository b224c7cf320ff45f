select wanted.key from json_each($2) as wanted
where exists (select 1 from suppression where tenant_id = $1 and hash = wanted.value)
