delete from dead_letter where about_tenant = $1 and about_customer = any ($2::text[])
