-- What one transaction of a job did, and the import that a fact came with: with both an import can go
-- on where it stood, and be taken back.
alter table fact add column import_id key_text;
create table job_step (
    tenant_id key_text not null,
    job_id key_text not null,
    step_no bigint not null,
    document text not null,
    homes text,
    report text,
    primary key (tenant_id, job_id, step_no)
);
alter table job_step enable row level security, force row level security;
create policy tenant on job_step using (tenant_id = current_setting('app.tenant', true));
