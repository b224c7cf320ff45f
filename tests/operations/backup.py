#!/usr/bin/python3
"""Backup, restore and digest, on both stores and between them, under load and through kills.

    tests/operations/backup.py [--binary build/customer360] [NAME...]

Prints TAP. Exit status 1 when one failed.
"""
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
import time
import urllib.parse

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
import harness  # noqa: E402
from harness import run, service, write  # noqa: E402
from servers.ports import free_port  # noqa: E402
from servers.postgres import MIGRATOR, RUNTIME, PostgresServer  # noqa: E402
from servers.service import API  # noqa: E402

SERVER = None


class Postgres:
    """A migrated, empty database and the flags of its service and of an operator's commands."""

    def __init__(self, key=None):
        self.url = SERVER.new_database(harness.BINARY)
        owner = SERVER.url(self.url.rsplit("/", 1)[1], MIGRATOR)
        self.key = key or write("key", "000102030405060708090a0b0c0d0e0f\n")
        self.flags = ["--store", self.url, "--store-migration-url", owner, "--privacy-suppression-key-file", self.key]


def embedded(name):
    return ["--store", f"sqlite:{name}.db"]


def digest(flags):
    said = json.loads(run("digest", "--json", *flags).stdout)
    del said["milliseconds"]
    return said


def feed(api, tenant, after=0):
    status, text = api.request("GET", f"{API}/events?after={after}&limit=500", X_Tenant_ID=tenant, Accept="application/x-ndjson")
    assert status == 200, text
    return [json.loads(line) for line in (text if isinstance(text, str) else json.dumps(text)).splitlines()]


def keys_of(flags):
    with sqlite3.connect(flags[1].removeprefix("sqlite:")) as db:
        rows = db.execute("select tenant_id, home_id, hashes from match_key_log").fetchall()
        return {(tenant, hashes[at:at + 8], home) for tenant, home, hashes in rows for at in range(0, len(hashes), 8)}


def fill(api):
    """A little of everything: customers of two tenants, contacts, consent, a merge, one taken back, a suppression by erasing."""
    ids = []
    for tenant in ("acme", "bolt"):
        for i in range(30):
            status, made = api.request("POST", f"{API}/customers", json.dumps({
                "name": f"Böhm \"& \\Söhne {tenant} {i}", "emails": [f"info{i}@{tenant}.example"],
                "identifiers": [{"type": "VAT", "value": f"DE{100000000 + i}", "country": "DE"}],
                "contacts": [{"name": "Jane Doe", "email": f"jane{i}@{tenant}.example", "role": "BILLING"}]}),
                Content_Type="application/json", X_Tenant_ID=tenant)
            assert status == 201, made
            ids.append((tenant, made["customerId"]))
            status, made = api.request("POST", f"{API}/customers/{ids[-1][1]}/consent", '{"type":"EMAIL","status":"GRANTED"}',
                                       Content_Type="application/json", X_Tenant_ID=tenant)
            assert status == 201, made
    for tenant, target, source in (("acme", ids[0][1], ids[1][1]), ("bolt", ids[31][1], ids[32][1])):
        status, merge = api.request("POST", f"{API}/customers/{target}/merge", json.dumps({"sourceCustomerId": source}),
                                    Content_Type="application/json", X_Tenant_ID=tenant)
        assert status == 200, merge
    status, answer = api.request("POST", f"{API}/customers/{target}/merges/{merge['mergeId']}/reverse", "", X_Tenant_ID=tenant)
    assert status == 200, answer
    # Erased with all that was merged into him, and one more alone; his address is suppressed.
    for victim in (ids[0][1], ids[5][1]):
        status, answer = api.request("POST", f"{API}/privacy/erasures", json.dumps({"customerId": victim, "suppress": True}),
                                     Content_Type="application/json", X_Tenant_ID="acme")
        assert status == 200, answer
    return ids


def everything(api):
    """What the API says of both tenants: customers and events."""
    time.sleep(0.3)  # PostgreSQL's events have their positions
    return [(api.request("GET", f"{API}/customers?limit=500", X_Tenant_ID=tenant), feed(api, tenant)) for tenant in ("acme", "bolt")]


def found(api, words, tenant="acme"):
    status, page = api.request("GET", f"{API}/customers?q={urllib.parse.quote(words)}&limit=100", X_Tenant_ID=tenant)
    assert status == 200, page
    return {item["customerId"] for item in page["items"]}


def wait_until(holds, what):
    deadline = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < deadline, what
        time.sleep(0.05)


def check_search(api, ids):
    """The index is made anew behind a restore; numbers of what comes later are nobody else's."""
    acme = {customer for tenant, customer in ids if tenant == "acme"} - {ids[0][1], ids[1][1], ids[5][1]}
    wait_until(lambda: found(api, "Söhne acme") == acme, "customers are found again")
    late = set()
    for i in range(40):  # enough for a segment of their own
        status, made = api.request("POST", f"{API}/customers", json.dumps({"name": f"Späte Nachzügler {i}"}),
                                   Content_Type="application/json", X_Tenant_ID="acme")
        assert status == 201, made
        late.add(made["customerId"])
        assert made["customerId"] in found(api, f"Nachzügler {i}"), i
    gone = late.pop()
    status, answer = api.request("POST", f"{API}/privacy/erasures", json.dumps({"customerId": gone}), Content_Type="application/json", X_Tenant_ID="acme")
    assert status == 200, answer
    time.sleep(1)  # the index goes on by itself when nobody writes for 0.2 s
    assert found(api, "Nachzügler") == late and found(api, "Söhne acme") == acme
    assert len(found(api, "Söhne", "bolt")) == 30
    assert "search.indexing_fails" not in api.log() and "search.catching_up_fails" not in api.log(), api.log()


def check_round_trip(source, target):
    with service("--dev", *source) as api:
        ids = fill(api)
        before = everything(api)
        made = json.loads(run("backup", "a.backup", "--json", *source).stdout)
    state = digest(source)
    assert made["digest"] == state["digest"] and made["rows"] == state["rows"] > 400, (made, state)
    assert os.stat("a.backup").st_mode & 0o777 == 0o600
    restored = json.loads(run("restore", "a.backup", "--json", *target).stdout)
    assert restored["digest"] == state["digest"] == digest(target)["digest"]
    said = run("doctor", "--dev", "--full", "--listen", f"127.0.0.1:{free_port()}", *target).stdout
    assert "customers are as their facts give" in said and "FAILURE" not in said, said
    with service("--dev", *target) as api:
        assert everything(api) == before
        for erased in (ids[0][1], ids[5][1]):
            assert api.status_of(f"{API}/customers/{erased}", X_Tenant_ID="acme") == 410
        status, answer = api.request("POST", f"{API}/customers", json.dumps({"customerId": "BACK", "name": "Back", "emails": ["info5@acme.example"]}),
                                     Content_Type="application/json", X_Tenant_ID="acme")
        assert status == 201, answer  # he is found no more, and his address is still suppressed
        said = api.request("POST", f"{API}/consent/check", json.dumps({"checks": [
            {"customerId": "BACK", "type": "EMAIL", "contactPoint": "info5@acme.example"}]}), Content_Type="application/json", X_Tenant_ID="acme")[1]
        assert said["results"][0]["allowed"] is False and "SUPPRESS" in said["results"][0]["reason"], said
        # Its keys are there: the same customer is refused, by identifier and by name with address.
        for body in ({"name": "Other", "identifiers": [{"type": "VAT", "value": "DE100000007", "country": "DE"}]},
                     {"name": "Böhm \"& \\Söhne acme 9", "emails": ["info9@acme.example"]}):
            status, answer = api.request("POST", f"{API}/customers", json.dumps(body), Content_Type="application/json", X_Tenant_ID="acme")
            assert (status, answer["error"]) == (409, "DUPLICATE_CUSTOMER"), answer
        # And the feed goes on behind what it has.
        position = before[0][1][-1]["position"]
        status, answer = api.request("POST", f"{API}/customers", '{"name":"New"}', Content_Type="application/json", X_Tenant_ID="acme")
        assert status == 201, answer
        deadline, items = time.monotonic() + 10, []
        while len(items) < 2 and time.monotonic() < deadline:
            items = feed(api, "acme", position)
        assert len(items) == 2 and items[0]["position"] > position, items
        check_search(api, ids)


def test_a_backup_of_the_embedded_store_is_restored_to_the_same_state():
    check_round_trip(embedded("a"), embedded("b"))
    # All keys, but for those of a merge that was taken back, under which nobody is to be found.
    lost, kept = keys_of(embedded("a")) - keys_of(embedded("b")), keys_of(embedded("b"))
    assert len({home for _, _, home in lost}) <= 1 and {tenant for tenant, _, _ in lost} <= {"bolt"} and len(kept) > 200, lost
    assert open("a.db.suppression-key", encoding="ascii").read() == open("b.db.suppression-key", encoding="ascii").read()


def test_how_the_search_index_stands_is_no_part_of_the_digest():
    with service("--dev", *embedded("a")) as api:
        fill(api)
    state = digest(embedded("a"))
    with sqlite3.connect("a.db") as db:
        for table in ("new", "home", "block", "segment"):
            db.execute(f"delete from search_{table}")
    assert digest(embedded("a")) == state


def test_a_backup_of_the_embedded_store_is_restored_into_postgresql():
    run("migrate", *embedded("a"))
    with service("--dev", *embedded("a")):
        pass
    os.rename("a.db.suppression-key", "key")
    check_round_trip(embedded("a") + ["--privacy-suppression-key-file", "key"], Postgres("key").flags)


def test_a_backup_of_postgresql_is_restored_into_postgresql_and_the_embedded_store():
    source, target = Postgres().flags, Postgres().flags
    check_round_trip(source, target)
    run("restore", "a.backup", *embedded("c"))
    assert digest(embedded("c"))["digest"] == digest(source)["digest"]
    run("backup", "c.backup", *embedded("c"))
    with open("a.backup", encoding="utf-8") as a, open("c.backup", encoding="utf-8") as c:
        assert sorted(a.readlines()[1:]) == sorted(c.readlines()[1:])


def test_a_role_that_sees_one_tenant_at_a_time_makes_no_empty_backup():
    source = Postgres()
    with service("--dev", *source.flags) as api:
        fill(api)
    with_runtime_role = ["--store", source.url, "--privacy-suppression-key-file", source.key]
    for words in (("backup", "a.backup"), ("digest",)):
        assert "store.migration_url is needed" in run(*words, *with_runtime_role, code=2).stderr
    run("backup", "a.backup", *source.flags)
    assert "store.migration_url is needed" in run("restore", "a.backup", *with_runtime_role, code=2).stderr
    SERVER.sql("drop policy whole_store on fact", source.url.rsplit("/", 1)[1])
    assert "run migrate once" in run("backup", "b.backup", *source.flags, code=2).stderr
    run("migrate", *source.flags, "--store-runtime-role", RUNTIME)
    run("backup", "b.backup", *source.flags)
    with open("a.backup", encoding="utf-8") as a, open("b.backup", encoding="utf-8") as b:
        assert a.readlines()[1:] == b.readlines()[1:]


WRITERS = 4


def write_all_the_time(api, stop, written, failures):
    i = 0
    while not stop.is_set():
        i += 1
        try:
            status, answer = api.request("POST", f"{API}/customers", json.dumps({"name": f"C{threading.get_ident()}-{i}"}),
                                         Content_Type="application/json")
            (written if status == 201 else failures).append(answer)
        except OSError as error:
            failures.append(error)


def backup_when_more_is_written(name, source, written):
    """More than the writers have under way: so one was begun and answered since the backup before."""
    before, deadline = len(written), time.monotonic() + 30
    while len(written) <= before + WRITERS and time.monotonic() < deadline:
        time.sleep(0.01)
    return json.loads(run("backup", name, "--json", *source).stdout)


def check_under_load(source, target):
    stop, written, failures = threading.Event(), [], []
    with service("--dev", *source) as api:
        writers = [threading.Thread(target=write_all_the_time, args=(api, stop, written, failures)) for _ in range(WRITERS)]
        for writer in writers:
            writer.start()
        backups = [backup_when_more_is_written(f"{i}.backup", source, written) for i in range(4)]
        stop.set()
        for writer in writers:
            writer.join()
    assert not failures, failures[:3]
    assert len({b["digest"] for b in backups}) == 4, "nothing was written between the backups"
    restored = json.loads(run("restore", "3.backup", "--json", *target).stdout)
    assert restored["digest"] == backups[3]["digest"] == digest(target)["digest"]
    with open("3.backup", encoding="utf-8") as file:
        lines = file.readlines()
    # One snapshot: every customer has its fact, its version and its event.
    tables, current = {}, None
    for line in lines[1:-1]:
        value = json.loads(line)
        if isinstance(value, dict):
            current = tables.setdefault(value["table"], [])
        else:
            current.append(value)
    assert len(tables["profile"]) == len(tables["fact"]) == len(tables["profile_version"]) == len(tables["outbox"]) > 10, \
        {name: len(rows) for name, rows in tables.items()}


def test_a_backup_while_the_service_writes_is_one_snapshot():
    check_under_load(embedded("a"), embedded("b"))


def test_a_backup_while_postgresql_is_written_is_one_snapshot():
    check_under_load(Postgres().flags, embedded("b"))


def test_what_is_no_whole_backup_is_refused_and_leaves_the_store_empty():
    source, target = embedded("a"), embedded("b")
    with service("--dev", *source) as api:
        fill(api)
    run("backup", "a.backup", *source)
    with open("a.backup", "rb") as file:
        whole = file.read()
    lines = whole.splitlines(keepends=True)
    other = [line.replace(b"Jane", b"Anne", 1) if b"Jane" in line else line for line in lines]
    cases = [("cut off", whole[:len(whole) // 2]), ("cut off", b"".join(lines[:-1])), ("not those of its digest", b"".join(other)),
             ("rows and says", b"".join(lines[:10] + lines[11:])), ("no backup of this program", b"a,b\n1,2\n"),
             ("no backup of this program", b""), ("has not the columns", b"".join(lines[:2] + [b'["x"]\n'] + lines[2:])),
             ("schema", whole.replace(b'"schema":', b'"schema":1', 1)), ("no JSON", b"".join(lines[:3] + [b"\xff\n"] + lines[3:])),
             ("table that this schema has not", whole.replace(b'{"table":"merge"', b'{"table":"merged"', 1))]
    postgres = Postgres(shutil.copy("a.db.suppression-key", "key"))
    for what, content in cases:
        with open("bad.backup", "wb") as file:
            file.write(content)
        for flags in (target, postgres.flags):
            done = run("restore", "bad.backup", *flags, code=1)
            assert what in done.stderr and len(done.stderr.splitlines()) == 1, (what, done.stderr)
            if os.path.exists("b.db") or flags is not target:
                assert digest(flags)["rows"] == 0, what
    # A store that has something keeps it, and its key.
    with open("a.db.suppression-key", encoding="ascii") as file:
        key, before = file.read(), digest(source)
    assert "has data already" in run("restore", "a.backup", *source, code=1).stderr
    with open("a.db.suppression-key", encoding="ascii") as file:
        assert file.read() == key and digest(source) == before
    # Where a service is, there is no restoring; where nothing is, there is nothing to back up.
    with service("--dev", *target):
        assert "open in another process" in run("restore", "a.backup", *target, code=1).stderr
    assert "no store" in run("backup", "c.backup", *embedded("c"), code=1).stderr
    assert "there already" in run("backup", "a.backup", *source, code=2).stderr
    assert not [name for name in os.listdir() if name.endswith(".part")]
    run("restore", "a.backup", *target)
    assert digest(target) == before


def test_another_key_of_the_suppression_list_is_refused_before_anything():
    with service("--dev", *embedded("a")):
        pass
    run("backup", "a.backup", *embedded("a"))
    target = Postgres(write("other", "ffffffffffffffffffffffffffffffff\n")).flags
    assert "not the key of this backup" in run("restore", "a.backup", *target, code=2).stderr
    os.unlink("other")  # it is made from the backup
    run("restore", "a.backup", *target)
    with open("other", encoding="ascii") as made, open("a.db.suppression-key", encoding="ascii") as kept:
        assert made.read() == kept.read()


def has_begun(flags):
    """The store has a mark of a restore, or customers."""
    marked = "select (select count(*) from schema_migration where number = 999999999) + (select count(*) from profile)"
    if flags[1].startswith("postgres"):
        return SERVER.sql(marked, flags[1].rsplit("/", 1)[1]) != "0"
    with sqlite3.connect("b.db") as db:
        tables = {name for (name,) in db.execute("select name from sqlite_schema")}
        if "schema_migration" not in tables:
            return False
        return db.execute(marked if "profile" in tables else "select count(*) from schema_migration where number = 999999999").fetchone()[0] > 0


def refused(*command):
    """What a command says to a store into which a restore was begun and not ended."""
    done = subprocess.run([harness.BINARY, *command], capture_output=True, text=True)
    assert done.returncode != 0, (command, done)
    return done.stdout + done.stderr


def test_a_restore_that_is_killed_leaves_what_nobody_takes_for_a_store_and_may_be_repeated():
    with service("--dev", "--sample", *embedded("a")) as api:
        deadline = time.monotonic() + 30
        while "sample.loaded" not in api.log() and time.monotonic() < deadline:
            time.sleep(0.05)
    made = json.loads(run("backup", "a.backup", "--json", *embedded("a")).stdout)
    os.rename("a.db.suppression-key", "key")
    postgres = Postgres("key")
    with open("a.backup") as whole, open("cut.backup", "w") as cut:
        cut.writelines(whole.readlines()[:-1])
    for flags in (embedded("b"), postgres.flags):
        killed, delay = 0, 0.02
        while killed < 3:
            delay *= 1.3  # until it comes to its end
            restoring = subprocess.Popen([harness.BINARY, "restore", "a.backup", *flags], stdout=subprocess.DEVNULL)
            time.sleep(delay)
            restoring.send_signal(signal.SIGKILL)
            if restoring.wait() == 0:
                break
            if not has_begun(flags):
                continue
            said = subprocess.run([harness.BINARY, "digest", "--json", *flags], capture_output=True, text=True)
            if said.returncode == 0 and json.loads(said.stdout)["digest"] == made["digest"]:
                break  # it was killed between its commit and its end
            killed += 1
            for command in (("digest",), ("backup", "none.backup"), ("serve", "--dev", "--listen", "127.0.0.1:0"), ("export", "-"), ("doctor", "--dev")):
                said = refused(*command, *flags)
                assert "a restore into this store is under way or was broken off" in said and "customer360 restore" in said, (delay, said)
        assert killed > 0, flags
        if killed and subprocess.run([harness.BINARY, "digest", *flags], capture_output=True).returncode != 0:
            refused("restore", "cut.backup", *flags)
            run("restore", "a.backup", *flags)
        assert digest(flags)["digest"] == made["digest"]
        with service("--dev", *flags[:2], *flags[4:]) as api:
            assert api.request("GET", "/readyz")[0] == 200


def test_a_full_disk_ends_a_backup_with_a_message_and_no_file():
    with service("--dev", *embedded("a")) as api:
        fill(api)
    done = subprocess.run(["bash", "-c", f"ulimit -f 64; trap '' XFSZ; exec {harness.BINARY} backup a.backup --store sqlite:a.db"],
                          capture_output=True, text=True, check=False)
    assert done.returncode == 1 and "File too large" in done.stderr, done.stderr
    assert not [name for name in os.listdir() if "backup" in name]
    with open("/dev/full", "wb") as full:
        done = subprocess.run([harness.BINARY, "backup", "-", "--store", "sqlite:a.db"], stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 1 and "No space left" in done.stderr, done.stderr


if __name__ == "__main__":
    SERVER = PostgresServer(["fsync=off"])
    try:
        harness.BINARY = next((os.path.abspath(sys.argv[i + 1]) for i, a in enumerate(sys.argv) if a == "--binary"), harness.BINARY)
        harness.main(globals())
    finally:
        SERVER.stop()
