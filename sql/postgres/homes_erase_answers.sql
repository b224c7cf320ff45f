-- What was answered of them goes; that the keys were used stays, so that nothing is done a second time.
update answer set fingerprint = '', headers = '', body = null
where tenant_id = $1 and exists (
    select from unnest($2::text[]) as home
    where position('"' || home || '"' in answer.body) > 0 or position('/' || home || '/' in answer.headers) > 0)
