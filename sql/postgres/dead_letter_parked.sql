select asked.number - 1
from unnest($2::text[], $3::text[], $4::text[]) with ordinality as asked(key, tenant, message_offset, number)
where exists (select from dead_letter
              where topic = $1 and left(message_key, 200) = left(asked.key, 200) and message_key = asked.key
                and (about_tenant = asked.tenant or about_tenant is null)
                and dead_letter.message_offset <= asked.message_offset::bigint)
