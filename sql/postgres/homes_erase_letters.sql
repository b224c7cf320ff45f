delete from dead_letter
where (about_tenant = $1 and about_customer = any ($2::text[]))
   or (about_tenant is null and left(message_key, 200) = any (select left(home, 200) from unnest($2::text[]) as homes(home))
       and message_key = any ($2::text[]))
