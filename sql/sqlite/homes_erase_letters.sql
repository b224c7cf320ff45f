delete from dead_letter
where (about_tenant = $1 and about_customer in (select value from json_each($2)))
   or (about_tenant is null and message_key in (select value from json_each($2)))
