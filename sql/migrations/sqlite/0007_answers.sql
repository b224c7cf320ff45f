-- What was answered to a request that its caller named by a key: a retry gets the same answer and changes
-- nothing again. Written in the transaction of the change; taken away some time after it expired.
create table answer (
    tenant_id text not null,
    caller text not null,
    request_key text not null,
    fingerprint text not null,
    status bigint not null,
    headers text not null,
    body text,
    expires_at bigint not null,
    primary key (tenant_id, caller, request_key)
);
create index answer_by_expiry on answer (tenant_id, expires_at);
