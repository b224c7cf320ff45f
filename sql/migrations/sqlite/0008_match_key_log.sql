-- Match keys as a log and runs over it (decision 0030). A row of the log has the hashes of some keys of one
-- home, 8 bytes each, little-endian. A run is an index of (hash, row of the log) in the order of the hash,
-- cut into 2^bits buckets by the upper bits of the hash; bucket b of run r is in row r * 2^32 + b.
create table match_key_log (
    row_no integer primary key,
    tenant_id text not null,
    home_id text not null,
    hashes blob not null
);
create table match_key_run (
    run_no integer primary key,
    state text not null,
    level integer not null,
    bits integer not null,
    entry_count integer not null,
    end_row integer not null
);
create table match_key_bucket (
    place integer primary key,
    entries blob not null
);

-- A byte of a number is cut out of the text of all bytes; || and group_concat keep bytes as they are.
create temp table all_bytes as select cast(
    x'000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f202122232425262728292a2b2c2d2e2f' ||
    x'303132333435363738393a3b3c3d3e3f404142434445464748494a4b4c4d4e4f505152535455565758595a5b5c5d5e5f' ||
    x'606162636465666768696a6b6c6d6e6f707172737475767778797a7b7c7d7e7f808182838485868788898a8b8c8d8e8f' ||
    x'909192939495969798999a9b9c9d9e9fa0a1a2a3a4a5a6a7a8a9aaabacadaeafb0b1b2b3b4b5b6b7b8b9babbbcbdbebf' ||
    x'c0c1c2c3c4c5c6c7c8c9cacbcccdcecfd0d1d2d3d4d5d6d7d8d9dadbdcdddedfe0e1e2e3e4e5e6e7e8e9eaebecedeeef' ||
    x'f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff' as blob) as b;
insert into match_key_log (tenant_id, home_id, hashes)
select tenant_id, home_id, cast(group_concat(
        substr(b, (hash & 255) + 1, 1) || substr(b, ((hash >> 8) & 255) + 1, 1) ||
        substr(b, ((hash >> 16) & 255) + 1, 1) || substr(b, ((hash >> 24) & 255) + 1, 1) ||
        substr(b, ((hash >> 32) & 255) + 1, 1) || substr(b, ((hash >> 40) & 255) + 1, 1) ||
        substr(b, ((hash >> 48) & 255) + 1, 1) || substr(b, ((hash >> 56) & 255) + 1, 1), '') as blob)
from (select tenant_id, home_id, hash from match_key
      union select tenant_id, home_id, hash from match_key_new), all_bytes
group by tenant_id, home_id;
drop table all_bytes;
drop table match_key;
drop table match_key_new;
