-- As for SQLite; the same tables and columns, whose order is that of their names. The sequence number of an
-- event is this engine's alone; the epoch of a webhook belongs to the lease, which a backup does not have; an event that has no position yet has the one that it will get.
with known as (
    select c.oid, c.relname as of_table, a.attname as name, quote_ident(a.attname) as quoted,
           case when c.relname = 'outbox' and a.attname = 'position'
                then 'coalesce(position, (select h.position from feed_head h) + (select count(*) from outbox o'
                     || ' where o.position is null and o.seq <= outbox.seq))'
                when c.relname = 'webhook' and a.attname = 'epoch' then '0'
                else quote_ident(a.attname) end as expression,
           case coalesce(nullif(t.typbasetype, 0), t.oid) when 'bigint'::regtype then 'i'
                when 'integer'::regtype then 'i' when 'text'::regtype then 't' else t.typname end as type,
           array_position(i.indkey::smallint[], a.attnum) as pk,
           not (c.relname = 'outbox' and a.attname = 'seq') as is_kept
    from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
    join pg_type t on t.oid = a.atttypid
    left join pg_index i on i.indrelid = c.oid and i.indisprimary
    where c.relkind in ('r', 'p') and c.relnamespace = 'public'::regnamespace
      and c.relname not in ('schema_migration', 'match_key', 'match_key_home', 'feed_head',
                            'relay_lease', 'instance', 'job_part',
                            'search_segment', 'search_block', 'search_new', 'search_home', 'search_backlog')
), keys as (
    select of_table, string_agg(quoted, ', ' order by pk) as quoted, string_agg(type, '' order by pk) as types,
           string_agg('$' || n, ', ' order by pk) as params
    from (select *, row_number() over (partition by of_table order by pk) as n from known where pk is not null) as k
    group by of_table
), columns as (
    select of_table, string_agg(name, ',' order by name collate "C") as names,
           string_agg(type, '' order by name collate "C") as types,
           string_agg(quoted, ', ' order by name collate "C") as quoted,
           string_agg(expression, ', ' order by name collate "C") as expressions,
           string_agg('$' || n, ', ' order by n) as params
    from (select *, row_number() over (partition by of_table order by name collate "C") as n
          from known where is_kept) as k
    group by of_table
)
select c.of_table, c.names, c.types, k.types,
       format('select %s, %s from %I where (%s) > (%s) order by %s limit 1000', k.quoted, c.expressions, c.of_table,
              k.quoted, k.params, k.quoted),
       format('insert into %I (%s) values (%s)', c.of_table, c.quoted, c.params),
       format('lock table %I in exclusive mode', c.of_table)
from columns c left join keys k on k.of_table = c.of_table
order by c.of_table collate "C"
