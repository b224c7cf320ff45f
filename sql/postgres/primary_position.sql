-- How far the log of the primary is, in bytes: whatever is committed is before it; and which timeline it is on. Where a
-- page has only its header (24 bytes; 40 for the first of a segment), the last record ended in front of that, and there ends
-- what a replica replays.
select p - case when p % pg_size_bytes(current_setting('wal_segment_size')) = 40 then 40 when p % 8192 = 24 then 24 else 0 end,
       cast(cast('x' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8) as bit(32)) as integer)
from (select cast(pg_current_wal_insert_lsn() - '0/0' as bigint)) as log (p)
