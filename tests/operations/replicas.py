#!/usr/bin/python3
"""Reads that may lag, of a replica: own writes are always read, nothing is older than the bound, nothing fails.

    tests/operations/replicas.py [--binary build/customer360] [NAME...]

A real primary and a real standby, whose replay is paused so that it lags for certain. Prints TAP. Exit status 1
when one failed.
"""
import contextlib
import json
import os
import re
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
import harness  # noqa: E402
from harness import Service, write  # noqa: E402
from servers.postgres import PostgresServer  # noqa: E402
from servers.service import API  # noqa: E402

PRIMARY = REPLICA = None
LONG = "30s"  # no test takes so long: what a replica shows is within the bound
ANY = {"Read-After": "0"}


class Instance(Service):
    """Answers with their headers, and what /metrics says of replicas."""

    def ask(self, method, path, body=None, user="", **headers):
        connection = self.connect()
        kind = {} if body is None else {"Content-Type": "application/merge-patch+json" if method == "PATCH" else "application/json"}
        who = {"X-User-Id": user} if user else {}
        connection.request(method, API + path, body and json.dumps(body), {**kind, **who, **{k.replace("_", "-"): v for k, v in headers.items()}})
        response = connection.getresponse()
        text = response.read().decode()
        return response.status, json.loads(text) if text else None, {k.lower(): v for k, v in response.getheaders()}

    def replica_reads(self, replica=1):
        return self.metric(f'customer360_replica_reads_total{{replica="{replica}"}}')

    def await_replica(self, is_up=True):
        wait_for(lambda: self.metric('customer360_replica_up{replica="1"}') == is_up, self.log)

    def website(self, customer, **headers):
        status, row, _ = self.ask("GET", f"/customers/{customer}", **headers)
        assert status == 200, row
        return row.get("website")


def wait_for(is_there, why=lambda: ""):
    deadline = time.monotonic() + 60
    while not is_there():
        assert time.monotonic() < deadline, why()[-2000:]
        time.sleep(0.01)


def caught_up():
    at = PRIMARY.sql("SELECT pg_current_wal_insert_lsn()")
    wait_for(lambda: REPLICA.sql(f"SELECT pg_last_wal_replay_lsn() >= '{at}'") == "t")


@contextlib.contextmanager
def instances(*flags, count=1, url=None, lag_max=LONG, replica_count=1):
    """Of one service over the primary and the replica, which may stand for several."""
    url = url or PRIMARY.new_database(harness.BINARY)
    replica = url[:url.index("@")] + f"@127.0.0.1:{REPLICA.port}/" + url.split("/")[-1]
    key = write("key", "000102030405060708090a0b0c0d0e0f\n")
    caught_up()
    running = []
    try:
        for number in range(count):
            running.append(Instance("--dev", "--store", url, *(("--store-replica", ",".join([replica] * replica_count)) if replica_count else ()), "--store-replica-lag-max", lag_max,
                                    "--privacy-suppression-key-file", key, "--jobs-directory", f"jobs-{number}",
                                    "--http-read-wait-max", "0", "--http-write-wait-max", "0", *flags))
        for api in running:
            if replica_count:
                api.await_replica()
        yield running
    finally:
        for api in running:
            api.kill()


@contextlib.contextmanager
def paused():
    REPLICA.pause_replay()
    try:
        yield
    finally:
        REPLICA.resume_replay()


def create(api, customer, user="ann"):
    """A customer whom the replica has, too, and what the instance knows that it has."""
    status, row, headers = api.ask("POST", "/customers", {"customerId": customer, "name": f"Firm {customer}", "website": "https://old.example"}, user)
    assert status == 201, row
    caught_up()
    wait_until_it_reads_of_the_replica(api, customer)
    return headers["read-after"]


def wait_until_it_reads_of_the_replica(api, customer):
    """Each instance finds out by itself how far that is."""
    before = api.replica_reads()
    wait_for(lambda: api.website(customer, user="bob", **ANY) and api.replica_reads() > before, api.log)


def change(api, customer, user="ann", website="https://new.example"):
    status, row, headers = api.ask("PATCH", f"/customers/{customer}", {"website": website}, user)
    assert status == 200, row
    return headers["read-after"]


def test_what_one_wrote_is_read_at_once_and_others_read_of_the_replica():
    with instances("--store-replica-reads", "all", count=2) as (first, second):
        create(first, "C1")
        with paused():
            token = change(first, "C1")
            before = first.replica_reads()
            assert first.website("C1", user="bob") == "https://old.example", "the replica lags, or was not asked"
            assert first.replica_reads() == before + 1
            assert first.website("C1", user="ann") == "https://new.example"
            for api in (first, second):  # whoever brings the token, wherever
                assert api.website("C1", user="bob", Read_After=token) == "https://new.example"
                assert api.website("C1", user="bob", Cache_Control="max-age=0, no-cache") == "https://new.example"
                for path in ("/customers?q=Firm", "/customers?limit=1"):
                    assert api.ask("GET", path, user="bob", Read_After=token)[1]["items"][0]["website" if "limit" in path else "customerId"]
            assert first.ask("POST", "/customers/lookup", {"ids": ["C1"]}, "bob", Read_After=token)[1]["items"][0]["profile"]["website"] == "https://new.example"
            assert first.replica_reads() == before + 1
        caught_up()
        wait_for(lambda: first.website("C1", user="bob", Read_After=token) == "https://new.example" and first.replica_reads() > before + 1)


def test_a_refused_write_is_one_as_well():
    """Who was told that his version is old finds the new one."""
    with instances() as (api,):
        create(api, "C1")
        with paused():
            change(api, "C1", "bob")
            status, _, headers = api.ask("PATCH", "/customers/C1", {"website": "https://mine.example"}, "ann", If_Match='"1"')
            assert status == 412
            assert api.website("C1", user="ann", **ANY) == "https://new.example"
            assert api.website("C1", user="eve", Read_After=headers["read-after"]) == "https://new.example"


def test_who_asks_for_no_lag_has_none_on_any_instance():
    with instances(count=2) as (first, second):
        create(first, "C1")
        wait_until_it_reads_of_the_replica(second, "C1")
        with paused():
            change(first, "C1")
            before = second.replica_reads()
            assert second.website("C1", user="ann") == "https://new.example" and second.replica_reads() == before
            assert second.website("C1", user="ann", **ANY) == "https://old.example" and second.replica_reads() == before + 1
            for path in ("/customers/C1/consent", "/customers/C1/timeline", "/customers/C1/credit", "/jobs", "/duplicates"):
                assert second.ask("GET", path, **ANY)[0] == 200
            assert second.ask("POST", "/consent/check", {"checks": [{"customerId": "C1", "type": "EMAIL"}]}, **ANY)[0] == 200
            assert second.replica_reads() == before + 1, "one of these may not lag"
        assert second.ask("GET", "/customers/C1", Read_After="yesterday")[0] == 400
        assert second.ask("GET", "/customers/C1", Read_After="9" * 18)[0] == 200


def test_a_lookup_with_a_key_is_a_read_like_any_other():
    """It writes nothing, so there is nothing that a key would keep."""
    with instances() as (api,):
        create(api, "C1")
        for headers, lags in (({"Idempotency_Key": "k1"}, False), ({"Idempotency_Key": "k1", **ANY}, True), ({"Idempotency_Key": "k1", **ANY}, True)):
            before = api.replica_reads()
            status, row, answered = api.ask("POST", "/customers/lookup", {"ids": ["C1"]}, "bob", **headers)
            assert status == 200 and row["items"][0]["result"] == "FOUND", row
            assert "idempotent-replayed" not in answered and (api.replica_reads() > before) == lags


def test_one_request_reads_of_one_replica():
    """A merged customer's row leads to another's."""
    with instances(replica_count=2) as (api,):
        create(api, "C1")
        create(api, "C2")
        status, row, headers = api.ask("POST", "/customers/C1/merge", {"sourceCustomerId": "C2"})
        assert status == 200, row

        def is_read():
            before = [api.replica_reads(replica) for replica in (1, 2)]
            assert api.ask("GET", "/customers/C2", Read_After=headers["read-after"])[0] == 307
            reads = [api.replica_reads(replica) - count for replica, count in zip((1, 2), before)]
            assert reads in ([0, 0], [0, 2], [2, 0]), reads
            return sum(reads) > 0
        wait_for(is_read, api.log)


def test_tenants_are_apart_on_a_replica():
    with instances() as (api,):
        create(api, "C1")
        before = api.replica_reads()
        assert api.ask("GET", "/customers/C1", X_Tenant_ID="other", **ANY)[0] == 404
        assert api.ask("GET", "/customers", X_Tenant_ID="other", **ANY)[1]["items"] == []
        assert api.replica_reads() == before + 2


def doctor(url, replica):
    done = subprocess.run([harness.BINARY, "doctor", "--dev", "--store", url, "--store-replica", replica], check=False, capture_output=True, text=True)
    return done.stdout + done.stderr


def test_doctor_says_how_a_replica_is():
    url = PRIMARY.new_database(harness.BINARY)
    caught_up()
    assert re.search(r"replica 1 follows, \d+ bytes behind", doctor(url, url.replace(f":{PRIMARY.port}/", f":{REPLICA.port}/")))
    assert re.search(r"replica 1: .*not in (hot )?standby", doctor(url, url)), doctor(url, url)
    assert "only PostgreSQL has replicas" in harness.run("serve", "--dev", "--store", "sqlite:a.db", "--store-replica", url, code=2).stderr


def test_a_replica_that_is_too_far_behind_is_not_asked():
    with instances(lag_max="500ms") as (api,):
        create(api, "C1")
        with paused():
            change(api, "C1", "bob")
            time.sleep(0.6)
            assert api.website("C1", user="ann", **ANY) == "https://new.example"
            assert api.metric('customer360_replica_refused_total{reason="behind"}') > 0
            wait_for(lambda: api.metric('customer360_replica_lag_seconds{replica="1"}') > 1)
        before = api.replica_reads()
        wait_for(lambda: api.website("C1", user="ann", **ANY) == "https://new.example" and api.replica_reads() > before)


def test_who_is_erased_is_shown_nowhere_once_that_is_acknowledged():
    with instances("--store-replica-reads", "all", count=2, lag_max="500ms") as (first, second):
        create(first, "C1")
        with paused():
            done, seen_after = threading.Event(), []

            def look(api):
                while not seen_after:
                    is_after = done.is_set()  # before the question is put
                    status = api.ask("GET", "/customers/C1", user="bob")[0]
                    if is_after:
                        seen_after.append(status)
                    assert status in (200, 410), status
            readers = [threading.Thread(target=look, args=(api,)) for api in (first, second)]
            for reader in readers:
                reader.start()
            status, row, _ = first.ask("POST", "/privacy/erasures", {"customerId": "C1"})
            done.set()
            for reader in readers:
                reader.join(60)
            assert status == 200 and set(seen_after) == {410}, (status, row, seen_after)
            for api in (first, second):
                assert api.ask("GET", "/customers?q=Firm", user="bob")[1]["items"] == []


def test_an_erasure_waits_for_the_replicas_of_other_instances():
    with instances(lag_max="300ms", replica_count=0) as (api,):
        assert api.ask("POST", "/customers", {"customerId": "C1", "name": "Firm"})[0] == 201
        begin = time.monotonic()
        assert api.ask("POST", "/privacy/erasures", {"customerId": "C1"})[0] == 200
        assert time.monotonic() - begin >= 0.3


def test_a_log_that_was_switched_is_no_lag():
    """Its next segment has only its header, which no replica replays."""
    with open(os.path.join(os.path.dirname(__file__), "../../sql/postgres/primary_position.sql"), encoding="utf-8") as file:
        position = file.read()
    now = "SELECT pg_current_wal_insert_lsn() - '0/0'"

    def is_seen():
        PRIMARY.sql("SELECT txid_current()")
        PRIMARY.sql("SELECT pg_switch_wal()")
        before = int(PRIMARY.sql(now))
        told = int(PRIMARY.sql(position).split("|")[0])
        if int(PRIMARY.sql(now)) != before or before % (16 << 20) != 40:
            return False  # something else was written
        assert told == before - 40
        return True
    wait_for(is_seen)
    at = int(PRIMARY.sql(position).split("|")[0])
    wait_for(lambda: int(REPLICA.sql("SELECT pg_last_wal_replay_lsn() - '0/0'")) >= at)


class Readers:
    """Read all the time, and note what was not answered as it should be."""

    def __init__(self, api, customer, count=4):
        self.api, self.customer, self.end, self.wrong, self.answers = api, customer, threading.Event(), [], 0
        self.threads = [threading.Thread(target=self.run, daemon=True) for _ in range(count)]

    def run(self):
        while not self.end.is_set():
            for path in (f"/customers/{self.customer}", f"/customers/{self.customer}/provenance", "/customers?q=Firm"):
                status = self.api.ask("GET", path, **ANY)[0]
                self.answers += 1
                if status != 200:
                    self.wrong.append((path, status))

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.end.set()
        for thread in self.threads:
            thread.join(60)

    def go_on(self):
        seen = self.answers
        wait_for(lambda: self.answers > seen + 50)


def test_a_replica_that_dies_fails_no_request_and_is_used_again_when_it_is_back():
    with instances() as (api,):
        create(api, "C1")
        with Readers(api, "C1") as readers:
            readers.go_on()
            REPLICA.kill()
            try:
                api.await_replica(False)
                readers.go_on()
            finally:
                REPLICA.start()
            api.await_replica()
            before = api.replica_reads()
            wait_for(lambda: api.replica_reads() > before + 50, api.log)
        assert not readers.wrong, readers.wrong[:5]
        assert api.stop() == 0


def test_a_replica_that_hangs_fails_no_request():
    with instances(lag_max="500ms") as (api,):
        create(api, "C1")
        with Readers(api, "C1") as readers:
            readers.go_on()
            REPLICA.pause()
            try:
                api.await_replica(False)
                readers.go_on()
            finally:
                REPLICA.resume()
            api.await_replica()
        assert not readers.wrong, readers.wrong[:5]


@contextlib.contextmanager
def pair():
    """A primary and its replica are there meanwhile."""
    global PRIMARY, REPLICA
    others = PRIMARY, REPLICA
    PRIMARY, REPLICA = PostgresServer(), None
    try:
        REPLICA = PostgresServer(of=(PRIMARY, "replica"))
        yield
    finally:
        for server in (REPLICA, PRIMARY):
            if server:
                server.stop()
        PRIMARY, REPLICA = others


def fail_over(successor, body):
    """The primary is lost and another takes its place, under readers."""
    url = PRIMARY.new_database(harness.BINARY).replace(f":{PRIMARY.port}/", f":{PRIMARY.port},127.0.0.1:{successor.port}/")
    with instances("--store-connect-timeout", "1s", "--store-statement-timeout", "2s", url=url, lag_max="500ms") as (api,):
        create(api, "C1")
        with Readers(api, "C1") as readers:
            PRIMARY.kill()
            successor.promote()
            wait_for(lambda: api.ask("PATCH", "/customers/C1", {"website": "https://new.example"})[0] == 200, api.log)
            body(api, readers)
        assert {status for _, status in readers.wrong} <= {503, 504}, readers.wrong[:5]  # there was no primary


def test_a_replica_that_takes_the_primarys_place_is_none_any_more():
    def look(api, readers):
        api.await_replica(False)
        wait_for(lambda: api.ask("GET", "/customers/C1", **ANY)[0] == 200, api.log)  # each loop finds the new primary by itself
        assert api.website("C1", **ANY) == "https://new.example"
        readers.go_on()
        before = api.replica_reads()
        readers.go_on()
        assert api.replica_reads() == before

    with pair():
        fail_over(REPLICA, look)


def test_a_replica_is_used_again_when_it_is_known_to_follow_the_new_primary():
    """Until then it might have what the new primary never had."""
    with pair():
        successor = PostgresServer(of=(PRIMARY, "successor"))

        def look(api, readers):
            api.await_replica(False)
            readers.go_on()
            before = api.replica_reads()
            readers.go_on()
            assert api.replica_reads() == before
            REPLICA.sql(f"ALTER SYSTEM SET primary_conninfo = 'host=127.0.0.1 port={successor.port} user=postgres'")
            REPLICA.sql("SELECT pg_reload_conf()")
            at = successor.sql("SELECT pg_current_wal_insert_lsn()")
            wait_for(lambda: REPLICA.sql(f"SELECT pg_last_wal_replay_lsn() >= '{at}'") == "t")
            REPLICA.sql("CHECKPOINT")
            api.await_replica()
            wait_for(lambda: api.replica_reads() > before + 50, api.log)

        try:
            fail_over(successor, look)
        finally:
            successor.stop()


if __name__ == "__main__":
    with pair():
        harness.main(globals())
