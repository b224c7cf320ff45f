#!/usr/bin/python3
"""Kills what can be killed while events are published to Kafka, and compares the topics with the outbox.

    build/venv/bin/python3 tests/fault/relay.py [--store sqlite|postgres] [--cycles 200] [--seed N] [--only broker,point]

A cycle: clients create and change customers; then, in the middle of it,

  random   kill -9 of the instance that publishes
  point    kill -9 at a named point of the relay (base/fault.h), at its n-th pass
  stop     an orderly stop, which publishes what is there
  broker   kill -9 of the broker, while writes go on
  frozen   the broker stops for longer than a call may take, and goes on
  stalled  (PostgreSQL) the instance that publishes stops past its lease, the other takes over, then it goes on
  server   (PostgreSQL) kill -9 of the database;  cut: all its connections are cut

Afterwards all runs again, and a reader of committed records must have seen each event of the outbox, once, in order
per customer. On PostgreSQL two instances run. --self-test feeds the comparison what it must find.
"""
import argparse
import json
import os
import random
import signal
import sys
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path[:0] = [os.path.join(ROOT, "tests", "kafka"), os.path.join(ROOT, "tests", "scenario"), os.path.join(ROOT, "tests")]
import topics  # noqa: E402  (tests/kafka/topics.py)
from clients import CLIENTS, TENANTS, Client  # noqa: E402
from http_client import API, Api  # noqa: E402  (tests/kafka/http_client.py)
from run import Mismatch, Service, Stores  # noqa: E402  (tests/scenario/run.py)
from servers.kafka import KafkaServer  # noqa: E402

LEASE_S = 1
POINTS = ("relay.after_fence", "relay.after_begin", "relay.after_events", "relay.before_commit", "relay.after_commit")


class Run:
    def __init__(self, options):
        self.options, self.chance = options, random.Random(options.seed)
        self.broker = KafkaServer()
        self.broker.start()
        self.stores = Stores(options.store, options.binary)
        self.url = self.stores.new()
        flags = ["--kafka-brokers", self.broker.brokers, "--kafka-lease", f"{LEASE_S}s", "--kafka-timeout", "2s", "--log-level", "info"]
        count = 2 if options.store == "postgres" else 1
        self.services = [Service(options.binary, self.url, flags) for _ in range(count)]
        self.reader = topics.Reader(self.broker.brokers)
        self.messages, self.feeds, self.places = [], {}, {tenant: 0 for tenant in TENANTS}
        self.kinds = [f"point {point}:{n}" for point, n in zip(POINTS, (1, 2, 3, 2, 2))]
        self.kinds += ["random", "broker", "stop", "frozen"]
        self.kinds += ["stalled", "server", "cut"] if options.store == "postgres" else []
        if options.only:
            self.kinds = [kind for kind in self.kinds if kind.split()[0] in options.only.split(",")]

    # --- what is done ---

    def leader(self):
        for service in self.services:
            try:
                if Api(service.port).metric("customer360_relay_leads") == 1:
                    return service
            except (OSError, AssertionError):
                continue
        return self.services[0]

    def kill_leader(self, _):
        self.leader().stop(signal.SIGKILL)

    def stop_leader(self, _):
        self.leader().stop()

    def kill_at_point(self, kind):
        """Every instance that is started now dies there: the one that leads, first."""
        os.environ["FAULT_AT"] = kind.split()[1]
        try:
            for service in self.services:
                service.stop(signal.SIGKILL)
            for service in self.services:
                service.process = None
                try:
                    service.start()
                except Mismatch:  # it passed the point before it was ready
                    pass
        finally:
            del os.environ["FAULT_AT"]
        deadline = time.monotonic() + 6
        while time.monotonic() < deadline and all(s.process.poll() is None for s in self.services):
            time.sleep(0.02)
        for service in self.services:  # who did not lead would die there later
            service.stop(signal.SIGKILL)

    def kill_broker(self, _):
        self.broker.kill()
        time.sleep(self.chance.uniform(0, 1.5))
        self.broker.start()

    def freeze_broker(self, _):
        self.broker.pause()
        time.sleep(self.chance.uniform(2.2, 3))
        self.broker.go_on()

    def stall_leader(self, _):
        leader = self.leader()
        leader.process.send_signal(signal.SIGSTOP)
        time.sleep(self.chance.uniform(LEASE_S, 2.5 * LEASE_S))
        leader.process.send_signal(signal.SIGCONT)

    def kill_database(self, _):
        self.stores.server.kill()
        time.sleep(0.3)
        self.stores.server.start()

    def cut_database(self, _):
        self.stores.server.cut_connections()

    FAULTS = {"random": kill_leader, "stop": stop_leader, "point": kill_at_point, "broker": kill_broker, "frozen": freeze_broker,
              "stalled": stall_leader, "server": kill_database, "cut": cut_database}

    def cycle(self, number):
        kind = self.kinds[number - 1] if number <= len(self.kinds) else self.chance.choice(self.kinds)
        if kind.startswith("point") and number > len(self.kinds):
            kind = f"point {self.chance.choice(POINTS)}:{self.chance.randint(1, 12)}"
        stop = threading.Event()
        clients = [Client(self.services, f"{self.options.seed}-{number}-{index}", stop) for index in range(CLIENTS)]
        for client in clients:
            client.start()
        time.sleep(self.chance.uniform(0.1, 0.6))
        self.FAULTS[kind.split()[0]](self, kind)
        time.sleep(self.chance.uniform(0, 0.3))
        stop.set()
        for client in clients:
            client.join(20)
        for service in self.services:
            if service.process.poll() is not None:
                service.start()
            else:
                service.wait_ready()
        return kind, self.compare()

    # --- what is there ---

    def read_feed(self):
        """The outbox goes on being numbered for a moment after a commit on PostgreSQL."""
        for tenant in TENANTS:
            while True:
                status, text = Api(self.services[0].port, tenant).request("GET", f"{API}/events?after={self.places[tenant]}&limit=5000")
                if status != 200:
                    time.sleep(0.1)
                    continue
                page = [json.loads(line) for line in text.splitlines() if line]
                if not page:
                    break
                self.feeds |= {event["eventId"]: event for event in page}
                self.places[tenant] = page[-1]["position"]

    def compare(self, patience_s=60):
        deadline = time.monotonic() + patience_s
        while True:
            self.read_feed()
            self.messages += self.reader.read()
            if len(self.messages) == len(self.feeds):
                self.read_feed()
            found = [] if len(self.messages) < len(self.feeds) else topics.compare(self.feeds, self.messages)
            done = len(self.messages) >= len(self.feeds)
            if (done and not found) or time.monotonic() > deadline:
                return found if done else topics.compare(self.feeds, self.messages)
            time.sleep(0.1)

    def close(self):
        for service in self.services:
            if service.process:
                service.process.send_signal(signal.SIGCONT)
                service.stop(signal.SIGKILL)
        self.reader.close()
        self.stores.close()
        self.broker.stop()


def run(options):
    state, failed = Run(options), 0
    try:
        for number in range(1, (options.cycles or len(state.kinds)) + 1):
            began = time.monotonic()
            kind, violations = state.cycle(number)
            print(f"# cycle {number}: {kind}, {len(state.feeds)} events, {time.monotonic() - began:.1f} s", flush=True)
            if violations:
                failed += 1
                print(f"not ok - cycle {number} ({kind}, seed {options.seed})")
                print("\n".join(f"  {v}" for v in violations[:10]), flush=True)
                print("".join(f"  | {line}\n" for service in state.services for line in service.tail().splitlines()))
                break
        time.sleep(1)
        if not failed and (late := state.compare(5)):
            failed += 1
            print(f"not ok - nothing comes later (seed {options.seed}): {late[:5]}")
    finally:
        state.close()
    if not failed:
        print(f"ok - {number} faults: each of {len(state.feeds)} events was read once, in order ({options.store}, seed {options.seed})")
    return not failed


class Told:
    """As a message of the client library, for the self-test."""

    def __init__(self, number, key, topic="created"):
        self.parts = (topic, key.encode(), [("ce_id", f"e{number}".encode()), ("ce_sequence", f"{number:019d}".encode()),
                                            ("ce_subject", key.encode()), ("ce_type", b"x.Made")])

    def topic(self):
        return self.parts[0]

    def key(self):
        return self.parts[1]

    def headers(self):
        return self.parts[2]


def self_test():
    feed = {f"e{n}": {"aggregateId": "A", "eventType": "Made"} for n in (1, 2)}
    one, two = Told(1, "A"), Told(2, "A")
    good = True
    for name, messages, bad in (("a good history", [one, two], False), ("a lost event", [one], True),
                                ("a doubled event", [one, two, two], True), ("an event of nobody", [one, two, Told(3, "A")], True),
                                ("a wrong order", [two, one], True), ("a wrong customer", [one, Told(2, "B")], True)):
        right = bool(topics.compare(feed, messages)) == bad
        good = good and right
        print(f"{'ok' if right else 'not ok'} - the comparison sees {name}")
    return good


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--store", choices=("sqlite", "postgres"), default="sqlite")
    parser.add_argument("--cycles", type=int, default=0, help="0: each fault once")
    parser.add_argument("--seed", type=int, default=int(time.time()) % 100000)
    parser.add_argument("--binary", default=os.path.join(ROOT, "build", "fault", "customer360"))
    parser.add_argument("--only", default="")
    parser.add_argument("--self-test", action="store_true")
    options = parser.parse_args()
    options.binary = os.path.abspath(options.binary)
    try:
        good = self_test() if options.self_test else run(options)
    except (Mismatch, RuntimeError) as problem:
        print(f"not ok - fault run of the relay ({options.store}, seed {options.seed})\n  {problem}")
        good = False
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
