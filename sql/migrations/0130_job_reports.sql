-- Steps that have a report: for an erasure, which looks through them all, and for those that have been kept for their time.
create index job_report on job_step (tenant_id, job_id, step_no) where report is not null;
