-- Rises with every erasure that rewrites blocks of the segment: what a process has read of it before is of no use then.
alter table search_segment add column changed bigint not null default 0;
