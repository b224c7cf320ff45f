-- Its blocks are others now. What it was being merged into is gone.
update search_segment set into_segment = null, changed = $3
where tenant_id = $1 and segment = $2
