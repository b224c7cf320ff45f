select asked.key
from json_each($2) as asked
where exists (select 1 from dead_letter
              where topic = $1 and message_key = asked.value
                and (about_tenant = json_extract($3, asked.fullkey) or about_tenant is null)
                and message_offset <= cast(json_extract($4, asked.fullkey) as integer))
