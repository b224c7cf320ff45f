select max(coalesce((select max(number) from search_new), 0), coalesce((select max(number) from search_home), 0))
