-- What only the release after that may do: take away what programs that do not know 9001 use.
alter table job_step rename column report to lines;
