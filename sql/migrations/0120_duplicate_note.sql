-- What the steward who decided last wants others to know.
alter table duplicate add column note text;
