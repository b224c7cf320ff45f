-- In all tenants, written before $1.
select job_part_purge($1)
