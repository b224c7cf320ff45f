-- What neighbours tell of one customer may be a hundred thousand facts: they are read in pages, newest first, or
-- thing by thing. The indexes are partial, for the facts of profiles are many more and are read by their homes. From now
-- on history has numbers below 0, so that who reads the facts of a profile does not pass by it.
create index if not exists fact_history_by_time on fact (tenant_id, home_id, kind, observed_at, fact_no, subject)
    where kind in ('SERVICE_ORDER', 'CONTRACT');
create index if not exists fact_history_by_subject on fact (tenant_id, home_id, kind, subject, observed_at, fact_no)
    where kind in ('SERVICE_ORDER', 'CONTRACT');
