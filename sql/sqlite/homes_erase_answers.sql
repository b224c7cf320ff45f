-- What was answered of them goes; that the keys were used stays, so that nothing is done a second time.
update answer set fingerprint = '', headers = '', body = null
where tenant_id = $1 and exists (
    select 1 from json_each($2) as home
    where instr(answer.body, '"' || home.value || '"') > 0 or instr(answer.headers, '/' || home.value || '/') > 0)
