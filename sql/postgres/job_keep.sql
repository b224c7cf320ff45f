-- The job stays whose it is for $4 microseconds more; nothing when another has taken it since.
update job
set held_until = cast(extract(epoch from clock_timestamp()) * 1000000 as bigint) + $4
where tenant_id = $1 and job_id = $2 and epoch = $3 and lane is not null
