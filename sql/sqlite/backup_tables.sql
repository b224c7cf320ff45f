-- The tables that a backup holds and the texts that read and write them: name; columns; their types (i integer,
-- t text, anything else is not known to a backup); types of the key's columns; the text that reads a page of
-- rows behind a key, key first; the one that adds a row; the one that locks, which is not needed here. Left out
-- is what says how the store was made, and what is made anew from the facts; the epoch of a webhook belongs to the
-- lease, which is left out as well.
with known as (
    select m.name as of_table, c.name as name, '"' || c.name || '"' as quoted, c.pk as pk,
           case when m.name = 'webhook' and c.name = 'epoch' then '0' else '"' || c.name || '"' end as expression,
           row_number() over (partition by m.name order by c.name) as n,
           case when c.type like '%int%' then 'i' when c.type like '%text%' then 't' else c.type end as type
    from sqlite_schema m, pragma_table_info(m.name) c
    where m.type = 'table' and m.name not like 'sqlite!_%' escape '!'
      and m.name not in ('schema_migration', 'match_key_log', 'match_key_run', 'match_key_bucket', 'relay_lease', 'job_part',
                         'search_segment', 'search_block', 'search_new', 'search_home', 'search_backlog')
), keys as (
    select of_table, group_concat(quoted, ', ') as quoted, group_concat(type, '') as types,
           group_concat('?' || pk, ', ') as params
    from (select * from known where pk > 0 order by of_table, pk)
    group by of_table
), columns as (
    select of_table, group_concat(name) as names, group_concat(type, '') as types,
           group_concat(quoted, ', ') as quoted, group_concat(expression, ', ') as expressions, group_concat('?' || n, ', ') as params
    from (select * from known order by of_table, n)
    group by of_table
)
select c.of_table, c.names, c.types, k.types,
       'select ' || k.quoted || ', ' || c.expressions || ' from "' || c.of_table || '" where (' || k.quoted || ') > ('
           || k.params || ') order by ' || k.quoted || ' limit 1000',
       'insert into "' || c.of_table || '" (' || c.quoted || ') values (' || c.params || ')',
       null
from columns c left join keys k on k.of_table = c.of_table
order by c.of_table
