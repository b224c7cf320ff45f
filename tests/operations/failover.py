#!/usr/bin/python3
"""The primary is lost while customers are written, and the service goes on over the one that followed it.

    tests/operations/failover.py [--binary build/customer360] [NAME...]

Two real servers with streaming replication. Prints TAP. Exit status 1 when one failed.
"""
import contextlib
import json
import os
import sys
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
import harness  # noqa: E402
from harness import service, write  # noqa: E402
from servers.postgres import PostgresServer  # noqa: E402
from servers.service import API  # noqa: E402

WRITERS = 6
UNDECIDED = {504}  # OUTCOME_UNKNOWN: it may be there


class Writer(threading.Thread):
    """Creates customers, one after the other, and changes each once; notes what was answered."""

    def __init__(self, api, name, end):
        super().__init__(daemon=True)
        self.api, self.prefix, self.end = api, name, end
        self.acknowledged, self.open, self.refused = {}, set(), set()
        self.last_at, self.longest_s = time.monotonic(), 0.0  # without an acknowledged write

    def ask(self, method, path, body):
        try:
            return self.api.request(method, API + path, json.dumps(body),
                                    Content_Type="application/json" if method == "POST" else "application/merge-patch+json")[0]
        except OSError:
            return 504

    def run(self):
        number = 0
        while not self.end.is_set():
            number += 1
            customer = f"{self.prefix}-{number}"
            status = self.ask("POST", "/customers", {"customerId": customer, "name": f"Firm {customer}"})
            if status == 201:
                self.acknowledged[customer], now = 1, time.monotonic()
                self.longest_s, self.last_at = max(self.longest_s, now - self.last_at), now
                if self.ask("PATCH", f"/customers/{customer}", {"website": "https://x.example"}) == 200:
                    self.acknowledged[customer] = 2
            elif status in UNDECIDED:
                self.open.add(customer)
            else:
                assert status == 503, status
                self.refused.add(customer)
                time.sleep(0.02)


@contextlib.contextmanager
def pair():
    """A primary, and a standby that has all of what is acknowledged."""
    primary = PostgresServer()
    standby = None
    try:
        url = primary.new_database(harness.BINARY)
        standby = primary.standby("standby")
        yield primary, standby, url.replace(f":{primary.port}/", f":{primary.port},127.0.0.1:{standby.port}/")
    finally:
        for server in (standby, primary):
            if server:
                server.stop()


def read(api, path, **headers):
    """Each loop of the service has connections of its own, and notices by itself which are dead."""
    deadline = time.monotonic() + 60
    while (answer := api.request("GET", API + path, **headers))[0] in (503, 504):
        assert time.monotonic() < deadline, answer
        time.sleep(0.05)
    return answer


def events(api):
    """(aggregate, kind) of the whole feed, in its order."""
    found, after = [], 0
    while True:
        text = read(api, f"/events?after={after}&limit=500", Accept="application/x-ndjson")[1]
        lines = [json.loads(line) for line in text.splitlines()] if isinstance(text, str) else [text]
        if not lines:
            return found
        found += [(line["aggregateId"], line["eventType"]) for line in lines]
        after = lines[-1]["position"]


def all_events(api, wanted):
    """The feed once it has what was acknowledged: who numbers it may still be about to find the new primary."""
    deadline = time.monotonic() + 60
    while not wanted <= set(told := events(api)) and time.monotonic() < deadline:
        time.sleep(0.1)
    return told


def check(api, writers):
    """Every acknowledged write is readable and has its event, once; nothing refused is there."""
    told = all_events(api, {(customer, "CustomerProfileCreatedEvent") for writer in writers for customer in writer.acknowledged})
    assert len(told) == len(set(told)), "an event is there twice"
    for writer in writers:
        for customer, version in writer.acknowledged.items():
            status, row = read(api, f"/customers/{customer}")
            assert status == 200 and row["version"] >= version, (customer, status, row)
            assert (customer, "CustomerProfileCreatedEvent") in told, customer
        for customer in writer.refused:
            assert read(api, f"/customers/{customer}")[0] == 404, customer
    there = {customer for customer, _ in told}
    possible = {customer for writer in writers for customer in {*writer.acknowledged, *writer.open}}
    assert there <= possible, there - possible


def fail_over(lose):
    with pair() as (primary, standby, url):
        key = write("key", "000102030405060708090a0b0c0d0e0f\n")
        with service("--dev", "--store", url, "--privacy-suppression-key-file", key, "--store-connect-timeout", "1s",
                     "--store-statement-timeout", "2s", "--http-write-wait-max", "0") as api:
            end = threading.Event()
            writers = [Writer(api, f"W{number}", end) for number in range(WRITERS)]
            for writer in writers:
                writer.start()
            deadline = time.monotonic() + 60
            while not all(len(writer.acknowledged) >= 20 for writer in writers):
                assert time.monotonic() < deadline, api.log()[-2000:]
                time.sleep(0.05)
            lose(primary)
            lost_at = time.monotonic()
            standby.promote()
            deadline = lost_at + 60
            while not all(writer.last_at > lost_at + 1 for writer in writers):
                assert time.monotonic() < deadline, api.log()[-2000:]
                time.sleep(0.05)
            time.sleep(1)
            end.set()
            for writer in writers:
                writer.join(60)
            check(api, writers)
            counts = [sum(len(part) for part in parts) for parts in zip(*((w.acknowledged, w.open, w.refused) for w in writers))]
            print(f"# acknowledged {counts[0]}, without an answer {counts[1]}, refused {counts[2]}; "
                  f"the longest that one could not write: {max(w.longest_s for w in writers):.1f} s")
            assert api.stop() == 0


def test_no_acknowledged_write_is_lost_when_the_primary_is_killed():
    fail_over(lambda primary: primary.kill())


def test_a_primary_that_does_not_answer_is_gone_round():
    """As of a machine that has lost its power: connecting to it neither succeeds nor fails."""
    fail_over(lambda primary: primary.pause())


if __name__ == "__main__":
    harness.main(globals())
