-- $1 is live for $2 microseconds, and how many others are; rows of those that died long ago go.
with told as (
    select cast(extract(epoch from clock_timestamp()) * 1000000 as bigint) as now
), gone as (
    delete from instance where ctid = any (array(
        select ctid from instance where live_until < (select now from told) - 3600000000 and instance_id <> $1
        for update skip locked))
), own as (
    insert into instance (instance_id, live_until) select $1, now + $2 from told
    on conflict (instance_id) do update set live_until = excluded.live_until
)
select count(*) from instance where instance_id <> $1 and live_until > (select now from told)
