-- In all tenants, of jobs that ended before $1.
select job_report_purge($1)
