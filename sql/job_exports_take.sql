-- Whoever runs one has it no more; one that nobody had yet has read nothing.
update job
set epoch = epoch + 1, held_until = 0
where tenant_id = $1 and kind = 'EXPORT' and lane is not null and epoch > 0
