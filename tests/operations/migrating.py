#!/usr/bin/python3
"""The schema is changed while instances serve: by the next release, with programs that are built for that (mk/next.mk).

    tests/operations/migrating.py [--binary build/customer360] [NAME...]

Prints TAP. Exit status 1 when one failed.
"""
import contextlib
import json
import os
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
import harness  # noqa: E402
from harness import run, service, write  # noqa: E402
from servers.postgres import MIGRATOR, RUNTIME, PostgresServer  # noqa: E402
from servers.service import API  # noqa: E402

SERVER = None
BUILD = os.path.join(harness.ROOT, os.environ.get("BUILD", "build"))
SLOW_S = 3  # nobody waits for longer for his turn behind a migration


@contextlib.contextmanager
def program(name):
    """The binary of that release, for what is run meanwhile."""
    this = harness.BINARY
    harness.BINARY = os.path.join(BUILD, "next", name, "customer360")
    try:
        yield
    finally:
        harness.BINARY = this


class Load(threading.Thread):
    """Creates customers, reads and changes them; notes what was answered and how long it took."""

    def __init__(self, api, name):
        super().__init__(daemon=True)
        self.api, self.prefix, self.end, self.answers, self.slowest = api, name, threading.Event(), [], 0.0

    def ask(self, method, path, body=None, content="application/json"):
        began = time.monotonic()
        self.answers.append(self.api.request(method, API + path, json.dumps(body) if body else None, Content_Type=content)[0])
        self.slowest = max(self.slowest, time.monotonic() - began)

    def run(self):
        number = 0
        while not self.end.is_set():
            number += 1
            self.ask("POST", "/customers", {"customerId": f"{self.prefix}-{number}", "name": f"Firm {self.prefix} {number}"})
            self.ask("GET", f"/customers/{self.prefix}-{number}")
            self.ask("PATCH", f"/customers/{self.prefix}-{number}", {"website": "https://x.example"}, "application/merge-patch+json")


@contextlib.contextmanager
def load(*instances):
    """Nothing of it fails, and nothing is slow."""
    threads = [Load(api, f"L{number}-{time.monotonic_ns()}") for number, api in enumerate(instances * 3)]
    for thread in threads:
        thread.start()
    yield
    deadline = time.monotonic() + 60
    while min(len(thread.answers) for thread in threads) <= 10 and time.monotonic() < deadline:
        time.sleep(0.01)
    for thread in threads:
        thread.end.set()
    for thread in threads:
        thread.join()
    assert {status for thread in threads for status in thread.answers} == {201, 200}, [set(t.answers) for t in threads]
    assert min(len(thread.answers) for thread in threads) > 10
    assert max(thread.slowest for thread in threads) < SLOW_S, max(thread.slowest for thread in threads)


class Database:
    def __init__(self):
        self.url = SERVER.new_database(harness.BINARY)
        self.name = f"customer360_{SERVER.count}"
        self.flags = ["--dev", "--store", self.url, "--privacy-suppression-key-file", write("key", "000102030405060708090a0b0c0d0e0f\n")]

    def migrate(self, code=0):
        return run("migrate", "--store-migration-url", SERVER.url(self.name, MIGRATOR), "--store-runtime-role", RUNTIME, code=code)

    def sql(self, text):
        return SERVER.sql(text, self.name)


def refused(*arguments):
    """What it says when it does not start."""
    done = subprocess.run([harness.BINARY, "serve", "--listen", "127.0.0.1:0", *arguments], capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 2, done
    return done.stderr


def test_instances_serve_while_the_next_release_migrates_and_beside_it():
    database = Database()
    with service(*database.flags) as old:
        with program("widened"):
            assert "customer360 migrate" in refused(*database.flags)  # a new one does not start on an old schema
            with load(old):
                time.sleep(0.5)
                assert "1 migrations applied" in database.migrate().stdout
                time.sleep(0.5)
            new = contextlib.ExitStack()
            beside = new.enter_context(service(*database.flags))
        with new, load(old, beside):
            time.sleep(1)
        assert old.status_of("/readyz") == 200 and old.stop() == 0
    with service(*database.flags) as again:  # an old one that was restarted meanwhile serves as well
        with load(again):
            time.sleep(0.5)
    assert "is newer than this program" in database.migrate(code=1).stderr
    assert "is newer than this program" in run("backup", "b.backup", "--store", database.url, "--store-migration-url",
                                               SERVER.url(database.name, MIGRATOR), code=1).stderr


def test_what_an_old_instance_cannot_serve_on_it_does_not():
    database = Database()
    with service(*database.flags) as old:
        with program("widened"):
            database.migrate()
            with service(*database.flags) as next_one:
                with program("narrowed"):
                    database.migrate()
                assert next_one.status_of("/readyz") == 200
                with load(next_one):
                    time.sleep(0.5)
        status, why = old.request("GET", "/readyz")
        assert status == 503 and why["error"] == "SCHEMA_MISMATCH", why  # the balancer takes it out
        assert "narrow_after_9001" in refused(*database.flags)


def test_a_migration_that_waits_for_a_lock_holds_nobody_up():
    database = Database()
    with service(*database.flags) as old:
        session = subprocess.Popen([os.path.join(SERVER.bin, "psql"), "-X", "-q", "-A", "-t", SERVER.url(database.name, "postgres")],
                                   stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        session.stdin.write("begin; lock table profile in access share mode; select 'held';\n")  # a report, a backup
        session.stdin.flush()
        assert session.stdout.readline() == "held\n"
        with program("widened"):
            migration = threading.Thread(target=database.migrate)
            with load(old):
                migration.start()
                time.sleep(3)
                assert database.sql("select count(*) from schema_migration where number = 9001") == "0"
                session.communicate("rollback;\n")
                migration.join(60)
        assert database.sql("select count(*) from schema_migration where number = 9001") == "1"


if __name__ == "__main__":
    SERVER = PostgresServer(["fsync=off"])
    try:
        harness.main(globals())
    finally:
        SERVER.stop()
