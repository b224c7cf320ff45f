#!/usr/bin/python3
"""Kills what can be killed while events are delivered to a webhook, and compares what its receiver took with the feed.

    tests/fault/webhooks.py [--store sqlite|postgres] [--cycles 200] [--seed N] [--only random,point]

The receiver refuses one request in twenty, and lets some wait. A cycle: clients create and change customers; then, in
the middle of it,

  random    kill -9 of the instance that delivers
  point     kill -9 at a named point of the deliverer (base/fault.h), at its n-th pass
  stop      an orderly stop
  away      the receiver is away for a while
  stalled   (PostgreSQL) the instance that delivers stops past its lease, the other takes over, then it goes on
  server    (PostgreSQL) kill -9 of the database;  cut: all its connections are cut

Afterwards all runs again, and the receiver must have taken each event of the feed, word for word, and those of each
customer in their order; an event may come again, none may come that is not in the feed. On PostgreSQL two instances
run. --self-test feeds the comparison what it must find.
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
sys.path[:0] = [os.path.join(ROOT, "tests", "kafka"), os.path.join(ROOT, "tests", "scenario"), os.path.join(ROOT, "tests", "webhooks"), HERE]
from clients import CLIENTS, TENANTS, Client  # noqa: E402
from http_client import Api  # noqa: E402  (tests/kafka/http_client.py)
from receiver import Receiver  # noqa: E402  (tests/webhooks/receiver.py)
from run import Mismatch, Service, Stores  # noqa: E402  (tests/scenario/run.py)

LEASE_S = 1
POINTS = ("webhooks.sent", "webhooks.written")
FLAGS = ["--webhooks-internal-networks", "127.0.0.0/8", "--webhooks-plain-http", "--webhooks-lease", f"{LEASE_S}s", "--webhooks-timeout", "500ms",
         "--webhooks-retry-first", "20ms", "--log-level", "info"]


def compare(feed, taken):
    """What is wrong with bodies taken in this order: {eventId: event} of the feed."""
    waiting = {}
    for event in sorted(feed.values(), key=lambda e: e["position"]):
        waiting.setdefault((event["tenantId"], event["aggregateId"]), []).append(event["eventId"])
    seen, wrong = set(), []
    for event in taken:
        identifier = event["eventId"]
        if feed.get(identifier) != event:
            wrong.append(f"is not as the feed has it: {event}")
            continue
        if identifier in seen:
            continue
        seen.add(identifier)
        queue = waiting[(event["tenantId"], event["aggregateId"])]
        if queue[0] != identifier:
            wrong.append(f"came before {queue[0]} of its customer: {event}")
        queue.remove(identifier)
    return wrong + [f"never came: {identifier}" for queue in waiting.values() for identifier in queue]


class Run:
    def __init__(self, options):
        self.options, self.chance = options, random.Random(options.seed)
        self.taken, self.away, self.lock = [], False, threading.Lock()
        self.receiver = Receiver(self.take, keep=False)
        self.stores = Stores(options.store, options.binary)
        self.url = self.stores.new()
        count = 2 if options.store == "postgres" else 1
        self.services = [Service(options.binary, self.url, FLAGS) for _ in range(count)]
        for tenant in TENANTS:
            Api(self.services[0].port, tenant).ask("POST", "/webhooks", {"url": self.receiver.url, "after": 0})
        self.feed, self.places = {}, {tenant: 0 for tenant in TENANTS}
        self.kinds = [f"point {point}:{n}" for point, n in zip(POINTS * 2, (1, 1, 4, 4))]
        self.kinds += ["random", "stop", "away"]
        self.kinds += ["stalled", "server", "cut"] if options.store == "postgres" else []
        if options.only:
            self.kinds = [kind for kind in self.kinds if kind.split()[0] in options.only.split(",")]

    def take(self, request):
        """On the receiver's thread: what is answered with 2xx is taken."""
        if self.away or random.random() < 0.05:
            return 503
        self.taken.append(json.loads(request.body))
        return 204

    # --- what is done ---

    def leader(self):
        for service in self.services:
            try:
                if Api(service.port).metric("customer360_webhooks_leads") == 1:
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

    def send_away(self, _):
        self.away = True
        time.sleep(self.chance.uniform(0.2, 1))
        self.away = False

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

    FAULTS = {"random": kill_leader, "stop": stop_leader, "point": kill_at_point, "away": send_away, "stalled": stall_leader,
              "server": kill_database, "cut": cut_database}

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
        return kind, self.await_all()

    # --- what is there ---

    def read_feed(self):
        for tenant in TENANTS:
            while True:
                status, text = Api(self.services[0].port, tenant).request("GET", f"/api/v1/crm/events?after={self.places[tenant]}&limit=5000")
                if status != 200:
                    time.sleep(0.1)
                    continue
                page = [json.loads(line) for line in text.splitlines() if line]
                if not page:
                    break
                self.feed |= {event["eventId"]: event for event in page}
                self.places[tenant] = page[-1]["position"]

    def await_all(self, patience_s=60):
        deadline = time.monotonic() + patience_s
        while True:
            self.read_feed()
            wrong = compare(self.feed, list(self.taken))
            if not wrong or time.monotonic() > deadline:
                return wrong
            time.sleep(0.1)

    def close(self):
        for service in self.services:
            if service.process:
                service.process.send_signal(signal.SIGCONT)
                service.stop(signal.SIGKILL)
        self.stores.close()
        self.receiver.stop()


def run(options):
    state, failed, number = Run(options), 0, 0
    try:
        for number in range(1, (options.cycles or len(state.kinds)) + 1):
            began = time.monotonic()
            kind, violations = state.cycle(number)
            print(f"# cycle {number}: {kind}, {len(state.feed)} events, {len(state.taken)} taken, {time.monotonic() - began:.1f} s", flush=True)
            if violations:
                failed += 1
                print(f"not ok - cycle {number} ({kind}, seed {options.seed})")
                print("\n".join(f"  {v}" for v in violations[:10]), flush=True)
                print("".join(f"  | {line}\n" for service in state.services for line in service.tail().splitlines()))
                break
    finally:
        state.close()
    if not failed:
        print(f"ok - {number} faults: each of {len(state.feed)} events was taken, in order per customer, {len(state.taken)} in all "
              f"({options.store}, seed {options.seed})")
    return not failed


def self_test():
    one, two, other = ({"eventId": f"e{n}", "position": n, "tenantId": "t", "aggregateId": a} for n, a in ((1, "A"), (2, "A"), (3, "B")))
    feed, good = {e["eventId"]: e for e in (one, two, other)}, True
    for name, taken, bad in (("a good history", [one, other, two], False), ("a repetition", [one, two, one, two, other], False),
                             ("a lost event", [one, other], True), ("a wrong order", [two, one, other], True),
                             ("an event of nobody", [one, two, other, {**one, "eventId": "e9"}], True),
                             ("another body", [one, {**two, "position": 7}, two, other], True)):
        as_wanted = bool(compare(feed, taken)) == bad
        good &= as_wanted
        print(f"{'ok' if as_wanted else 'not ok'} - {name} is {'found' if bad else 'passed'}")
    return good


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--store", choices=("sqlite", "postgres"), default="sqlite")
    parser.add_argument("--binary", default=os.path.join(ROOT, "build", "fault", "customer360"))
    parser.add_argument("--cycles", type=int, default=0, help="0: each fault once")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default="")
    parser.add_argument("--self-test", action="store_true")
    options = parser.parse_args()
    sys.exit(0 if (self_test() if options.self_test else run(options)) else 1)


if __name__ == "__main__":
    main()
