#!/usr/bin/python3
"""`doctor` finds what is wrong, names it and says what to do.

    tests/operations/doctor.py [--binary build/customer360] [NAME...]

Prints TAP. Exit status 1 when one failed.
"""
import json
import os
import sqlite3
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
import harness  # noqa: E402
from harness import run, service, write  # noqa: E402
from servers.ports import free_port  # noqa: E402
from servers.postgres import MIGRATOR, RUNTIME, PostgresServer  # noqa: E402
from servers.service import API  # noqa: E402

STORE = ["--store", "sqlite:a.db"]


def doctor(*flags, code=0):
    """All findings as one text per severity."""
    said = {"OK": "", "WARNING": "", "FAILURE": ""}
    for f in json.loads(run("doctor", "--dev", "--json", "--listen", f"127.0.0.1:{free_port()}", *flags, code=code).stdout):
        said[f["severity"]] += f"{f['about']}: {f['finding']} -> {f.get('advice', '')}\n"
        assert f["severity"] == "OK" or f.get("advice"), f
    assert (code == 1) == bool(said["FAILURE"]), said
    return said


def fill(api, count=5):
    ids = []
    for i in range(count):
        status, made = api.request("POST", f"{API}/customers", json.dumps({"name": f"Customer {i}"}), Content_Type="application/json")
        assert status == 201, made
        ids.append(made["customerId"])
    return ids


def change(statement, *values):
    with sqlite3.connect("a.db") as db:
        db.execute(statement, values)


def test_a_sound_store_is_looked_at_beside_the_service_and_alone():
    with service("--dev", *STORE) as api:
        fill(api)
        said = doctor("--full", *STORE)
        assert "open in another process" in said["OK"] and "all 5 customers are as their facts give" in said["OK"], said
    said = doctor(*STORE)
    assert "a sample of" in said["OK"] and "open in another" not in said["OK"], said
    before = sorted((name, os.stat(name).st_mtime_ns) for name in os.listdir() if not name.endswith(("-shm", "-wal")))
    doctor("--full", *STORE)
    assert before == sorted((name, os.stat(name).st_mtime_ns) for name in os.listdir() if not name.endswith(("-shm", "-wal")))


def test_a_customer_that_is_not_as_its_facts_give_is_named():
    with service("--dev", *STORE) as api:
        ids = fill(api)
    change("update profile set document = replace(document, 'Customer 3', 'Nobody') where customer_id = ?", ids[3])
    said = doctor("--full", *STORE)["WARNING"]
    assert f"1 of all 5 customers are not shown as their facts give, the first {ids[3]} of tenant default" in said, said
    with service("--dev", *STORE) as api:  # the next write mends it
        status, _ = api.request("PATCH", f"{API}/customers/{ids[3]}", '{"segment":"X"}', Content_Type="application/merge-patch+json")
        assert status == 200
    assert "all 5 customers" in doctor("--full", *STORE)["OK"]
    change("update fact set body = '{\"kind\":' where home_id = ?", ids[2])
    assert f"1 of all 5 customers are damaged, the first {ids[2]}" in doctor("--full", *STORE, code=1)["FAILURE"]
    change("update profile set survivor_id = 'CUST-NOBODY' where customer_id = ?", ids[1])
    assert "2 of all 5 customers are damaged" in doctor("--full", *STORE, code=1)["FAILURE"]


def test_another_schema_a_foreign_file_and_open_permissions_are_named():
    with service("--dev", *STORE) as api:
        fill(api, 1)
    os.chmod("a.db.suppression-key", 0o644)
    os.chmod("a.db", 0o644)
    said = doctor(*STORE)["WARNING"]
    assert "a.db.suppression-key is open to all users" in said and "a.db is open to all users" in said, said
    change("insert into schema_migration select 9999, 'of_the_future_after_9998', 'x', 1")
    said = doctor(*STORE, code=1)["FAILURE"]
    assert "migration 9999 (of_the_future_after_9998) is not for this program" in said, said
    assert "a later version of customer360" in said and "customer360 migrate" not in said, said
    change("delete from schema_migration where number in (9999, (select max(number) from schema_migration where number < 9999))")
    assert "customer360 migrate" in doctor(*STORE, code=1)["FAILURE"]
    write("b.db", "no database at all" * 500)
    assert "b.db is damaged, or is no store of this program" in doctor("--store", "sqlite:b.db", code=1)["FAILURE"]


def test_webhooks_that_fail_or_have_another_key_are_told():
    with service("--dev", *STORE) as api:
        fill(api, 1)
        status, hook = api.request("POST", f"{API}/webhooks", '{"url":"https://hooks.example.com/in"}', Content_Type="application/json")
        assert status == 201, hook
    assert "1 webhooks, none of which fails" in doctor(*STORE)["OK"]
    change("update webhook set state = 'DISABLED', cause = 'GONE', disabled_at = 1")
    said = doctor(*STORE)["WARNING"]
    assert "0 webhooks fail and 1 were disabled for failing, the first WHK-" in said, said
    change("update webhook set state = 'ACTIVE', cause = null, disabled_at = null, failing_since = 1")
    assert "1 webhooks fail and 0 were disabled" in doctor(*STORE)["WARNING"]
    write("a.db.webhook-key", "5" * 64)
    os.chmod("a.db.webhook-key", 0o600)
    assert "the secrets of 1 webhooks were made with another key" in doctor(*STORE, code=1)["FAILURE"]
    write("a.db.webhook-key", "5")
    assert "does not hold a key" in doctor(*STORE, code=1)["FAILURE"]


def test_a_search_index_that_is_behind_is_told():
    with service("--dev", *STORE) as api:
        fill(api)
    assert "the search index has all customers" in doctor(*STORE)["OK"]
    change("insert into search_backlog (tenant_id, home_id) select tenant_id, customer_id from profile")
    assert "5 customers are not in the search index yet" in doctor(*STORE)["WARNING"]
    change("with recursive n (i) as (select 1000 union all select i + 1 from n where i < 21000) "
           "insert into search_new (tenant_id, number, home_id, body) select 'default', i, 'X', '' from n")
    assert "entries of a tenant wait" in doctor(*STORE)["WARNING"]


def test_what_is_wrong_in_a_file_is_told_with_its_name():
    for text, reason in (('{"keys":[{"kty":"RSA"}]}', "keys[0] is malformed"), ("{", "line 1, column 2"), ("{}", "it has no array")):
        write("keys.json", text)
        for command in (("doctor", "--store", "memory:"), ("serve", "--store", "memory:")):
            done = run(*command, "--identity-jwks-file", "keys.json", code=1 if command[0] == "doctor" else 2)
            assert f"the key set keys.json: {reason}" in done.stdout + done.stderr, done
    write("cert.pem", "none")
    said = doctor("--tls-certificate", "cert.pem", "--tls-key", "keys.json", *STORE, code=1)["FAILURE"]
    assert "tls.certificate cert.pem, tls.key keys.json: the certificate is no PEM" in said, said
    assert "cert.pem" in run("serve", "--dev", "--tls-certificate", "cert.pem", "--tls-key", "keys.json", "--store", "memory:", code=2).stderr


def test_a_large_write_ahead_log_is_told_and_read_beside():
    with service("--dev", *STORE) as api:
        fill(api)
        with open("a.db-wal", "ab") as wal:  # as if a reader had kept it from being written back: frames that were never committed
            wal.truncate(8 << 30)
        begun = time.monotonic()
        said = doctor(*STORE)
        assert "the write-ahead log has 8192 MiB" in said["WARNING"] and "customers are as their facts give" in said["OK"], said
        assert time.monotonic() - begun < 30
    with service("--dev", *STORE) as api:  # and a start with it is a start as ever
        fill(api, 1)


def test_jobs_that_nobody_runs_and_a_bad_policy_are_told():
    with service("--dev", *STORE) as api:
        fill(api, 1)
    change("insert into job (tenant_id, job_id, kind, state, created_at, updated_at) values ('default', 'J', 'IMPORT', 'RUNNING', 1, 1)")
    change("insert into duplicate (tenant_id, duplicate_id, home_a, home_b, state, apart, probability, cause, created_at, refreshed_at, claimed_by, "
           "claimed_until) values ('default', 'D', 'A', 'B', 'OPEN', 0, 1, 'X', 1, 1, 'jane', 1)")
    said = doctor(*STORE)["OK"]
    assert "1 jobs wait or run" in said and "1 claims" in said, said
    change("insert into answer values ('quiet', 'jane', 'k', 'f', 201, '', '', 1)")
    assert "1 answers kept for retries expired" in doctor(*STORE)["WARNING"]
    write("p.json", "{")
    assert "p.json" in doctor("--policy-file", "p.json", *STORE, code=1)["FAILURE"]


def test_roles_and_row_level_security_of_postgresql_are_looked_at():
    server = PostgresServer(["fsync=off"])
    try:
        url = server.new_database(harness.BINARY)
        database = url.rsplit("/", 1)[1]
        owner = server.url(database, MIGRATOR)
        flags = ["--store", url, "--store-migration-url", owner]
        with service("--dev", "--store", url) as api:
            fill(api)
            time.sleep(0.3)
        assert "were not looked at" in doctor("--store", url)["WARNING"]
        said = doctor("--full", *flags)
        assert f"role {RUNTIME} is bound by row-level security" in said["OK"] and "all 5 customers" in said["OK"], said
        assert f"role {MIGRATOR} owns tables" in doctor("--store", owner, code=1)["FAILURE"]
        assert "superuser" in doctor("--store", server.url(database, "postgres"), code=1)["FAILURE"]
        server.sql("alter table fact no force row level security", database)
        assert "row-level security is not forced on table fact" in doctor(*flags, code=1)["FAILURE"]
        server.sql("alter table fact force row level security; drop policy whole_store on merge", database)
        assert "no backup" in doctor(*flags)["WARNING"]
        run("migrate", *flags, "--store-runtime-role", RUNTIME)
        server.sql("update feed_head set position = 0; "
                   "update outbox set recorded_at = recorded_at + 3600000000", database)
        assert "set back" in doctor(*flags, code=1)["FAILURE"]
        server.sql("delete from schema_migration where number = (select max(number) from schema_migration)", database)
        assert "customer360 migrate" in doctor(*flags, code=1)["FAILURE"]
    finally:
        server.stop()
    assert "see that the database runs" in doctor(*flags, "--store-connect-timeout", "1s", code=1)["FAILURE"]


if __name__ == "__main__":
    harness.main(globals())
