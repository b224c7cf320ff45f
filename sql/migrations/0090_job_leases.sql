-- Jobs that the service runs, on whichever instance. lane: what of a tenant runs one after another; null when no
-- instance is to run it, for it has ended or the command line does. Who runs it is `holder` until `held_until`;
-- `epoch` counts those who did and fences off all but the last.
alter table job add column lane key_text;
alter table job add column holder key_text;
alter table job add column epoch bigint not null default 0;
alter table job add column held_until bigint not null default 0;
create index job_in_lane on job (lane, tenant_id, job_id) where lane is not null;
-- What is uploaded for a job, or what it left to be fetched, in pieces (base64url).
create table job_part (
    tenant_id key_text not null,
    job_id key_text not null,
    part_no bigint not null,
    written_at bigint not null,
    body text not null,
    primary key (tenant_id, job_id, part_no)
);
create index job_part_by_age on job_part (written_at);
