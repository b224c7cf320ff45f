"""What the fault runs of the relay, the consumer and the webhooks share: instances of the service, the faults that befall
them, cycles, and the report. Whoever imports it has tests/kafka and tests in sys.path.
"""
import argparse
import json
import os
import random
import signal
import threading
import time

from clients import CLIENTS, TENANTS, Client, compare_answers
from points import mistaken
from servers.api import Api
from servers.kafka import NEWEST, KafkaCluster, KafkaServer
from servers.service import API, Mismatch
from servers.stores import Stores, serve

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
UNGUARDED_CYCLES = 60


def arguments(description, kafka=True):
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--store", choices=("sqlite", "postgres"), default="sqlite")
    parser.add_argument("--cycles", type=int, default=0, help="0: each fault once")
    parser.add_argument("--minutes", type=float, default=0, help="no cycle begins later; 0: without end")
    parser.add_argument("--seed", type=int, default=int(time.time()) % 100000)
    parser.add_argument("--binary", default=os.path.join(ROOT, "build", "fault", "customer360"))
    parser.add_argument("--only", default="", help="faults, as broker,point")
    parser.add_argument("--self-test", action="store_true")
    if kafka:
        parser.add_argument("--brokers", type=int, default=1, help="3: a cluster, which may lose one")
        parser.add_argument("--kafka", default=NEWEST, help=f"{NEWEST} or 3.9")
        parser.add_argument("--unguarded", default="", metavar="LIBRARY",
                            help="at last, without what it rests on: tests/fault/guards.py; LIBRARY: unguarded.c")
    return parser


class FaultRun:
    """A store and one instance, on PostgreSQL two. Of the subclass: POINTS, FAULTS {name: method}, begin(prefix, guard),
    cycle(number), which gives the kind and what is wrong, and the words of the report, told() and done()."""

    PASSES = 12  # of a named point, at most
    RARE = ("away", "registry")  # once in a run: they take minutes
    GUARDS = {}
    broker, met = None, True

    def __init__(self, options):
        self.options, self.chance = options, random.Random(options.seed)
        if wrong := mistaken(options.binary, self.POINTS, {point.split(".")[0] for point in self.POINTS}):
            raise Mismatch(f"the points are not those of the program: {wrong}")
        self.stores, self.services = Stores(options.store, options.binary), []

    def make_broker(self):
        options = self.options
        self.broker = KafkaCluster(options.brokers, version=options.kafka) if options.brokers > 1 else KafkaServer(version=options.kafka)
        self.broker.start()

    def serve(self, flags, guard=None):
        url = self.stores.new()
        if guard:
            guard.take_away(self.stores.server, url)
        environment = guard.environment(self.options.unguarded) if guard else {}
        count = 2 if self.options.store == "postgres" else 1
        self.services = [serve(self.options.binary, url, flags, environment=environment) for _ in range(count)]

    def choose(self, points, others, on_postgres=()):
        """points: (name, pass) of each to be met; others: faults that befall either store."""
        kinds = [f"point {point}:{n}" for point, n in points] + others
        kinds += ["stalled", *on_postgres, "server", "cut"] if self.options.store == "postgres" else []
        kinds += ["one"] if self.broker and self.options.brokers > 1 else []
        kinds += [kind for kind in self.RARE if kind in self.FAULTS and (self.options.cycles or kind in self.options.only)]
        self.kinds = [kind for kind in kinds if not self.options.only or kind.split()[0] in self.options.only.split(",")]

    def kind_of(self, number):
        """Each once, then any."""
        if number <= len(self.kinds):
            return self.kinds[number - 1]
        kind = self.chance.choice([kind for kind in self.kinds if kind not in self.RARE] or self.kinds)
        if len(kind.split()) > 1:
            kind = f"{kind.split()[0]} {self.chance.choice(self.POINTS)}:{self.chance.randint(1, self.PASSES)}"
        return kind

    def befall(self, kind):
        if kind != "none":
            self.FAULTS[kind.split()[0]](self, kind)

    def bring_back(self):
        for service in self.services:
            if service.process.poll() is not None:
                service.start()
            else:
                service.wait_ready()

    # --- faults ---

    def start_to_die(self, kind):
        """Every instance that is started now dies at the point, when it comes there."""
        self.kill_all()
        for service in self.services:
            try:
                service.start({"FAULT_AT": kind.split()[1]})
            except Mismatch:  # it passed the point before it was ready
                pass

    def all_live(self):
        return all(service.process.poll() is None for service in self.services)

    def kill_all(self):
        for service in self.services:
            service.stop(signal.SIGKILL)

    def stall(self, service, seconds):
        service.process.send_signal(signal.SIGSTOP)
        time.sleep(seconds)
        service.process.send_signal(signal.SIGCONT)

    def kill_broker(self, _):
        """All of them, when there are several."""
        self.broker.kill()
        time.sleep(self.chance.uniform(0, 1.5))
        self.broker.start()

    def kill_one_broker(self, _):
        server = self.chance.choice(self.broker.servers)
        server.kill()
        time.sleep(self.chance.uniform(0, 5))
        server.start()

    def kill_database(self, _):
        self.stores.server.kill()
        time.sleep(0.3)
        self.stores.server.start()

    def cut_database(self, _):
        self.stores.server.cut_connections()

    # --- the end ---

    def look_at_answers(self):
        """What is wrong with what was acknowledged in the cycle before."""
        return []

    def late(self):
        """What is wrong a while after the last cycle."""
        return []

    def end_services(self):
        for service in self.services:
            if service.process:
                service.process.send_signal(signal.SIGCONT)
                service.stop(signal.SIGKILL)

    def close(self):
        self.end_services()
        self.stores.close()
        if self.broker:
            self.broker.stop()


class LeaderRun(FaultRun):
    """Faults of the instance that does a work that one does, by its metric LEADS, under a lease of LEASE_S, while clients
    write. self.feed: all events, as the service tells them. look(): what is wrong, once it had time."""

    LEASE_S = 1

    def forget(self):
        self.feed, self.places = {}, {tenant: 0 for tenant in TENANTS}

    def leader(self):
        for service in self.services:
            try:
                if Api(service.port).metric(self.LEADS) == 1:
                    return service
            except (OSError, AssertionError):
                continue
        return self.services[0]

    def kill_leader(self, _):
        self.leader().stop(signal.SIGKILL)

    def stop_leader(self, _):
        self.leader().stop()

    def stall_leader(self, _):
        self.stall(self.leader(), self.chance.uniform(self.LEASE_S, 2.5 * self.LEASE_S))

    def kill_at_point(self, kind):
        """The one that leads dies first."""
        self.start_to_die(kind)
        deadline = time.monotonic() + 6
        while time.monotonic() < deadline and self.all_live():
            time.sleep(0.02)
        self.kill_all()  # who did not lead would die there later

    def halt_at_point(self, kind):
        """The one that leads stops at the point; when another has done work in its place, it goes on."""
        first, *others = self.services
        self.kill_all()
        first.launch({"FAULT_AT": kind.split()[1], "FAULT_STOPS": "1"})
        is_met = await_true(first.is_stopped, 8)
        for other in others:
            other.start()
        self.met = is_met and await_true(lambda: any(Api(other.port).metric(self.WORKED) > 0 for other in others), 30)
        time.sleep(self.chance.uniform(0, 0.5))
        first.process.send_signal(signal.SIGCONT)

    def cycle(self, number, kind=None):
        kind, stop = kind or self.kind_of(number), threading.Event()
        share = {"share": 0.9} if kind == "late" else {}
        clients = [Client(self.services, f"{self.options.seed}-{number}", index, stop, **share) for index in range(CLIENTS)]
        for client in clients:
            client.start()
        time.sleep(self.chance.uniform(0.1, 0.6))
        self.befall(kind)
        time.sleep(self.chance.uniform(0, 0.3))
        stop.set()
        self.answered = {}
        for client in clients:
            client.join(20)
            for customer, version in client.answered.items():
                self.answered[customer] = max(version, self.answered.get(customer, 0))
        self.bring_back()
        return kind, self.look()

    def look_at_answers(self, patience_s=60):
        deadline = time.monotonic() + patience_s
        while True:
            self.read_feed()
            there = self.versions(self.answered)
            wrong = compare_answers(self.answered, there, self.feed.values())
            if not wrong or time.monotonic() > deadline:
                return wrong
            time.sleep(0.1)

    def versions(self, customers):
        found = {}
        for tenant in TENANTS:
            api, names = Api(self.services[0].port, tenant), [name for of, name in customers if of == tenant]
            for first in range(0, len(names), 500):
                page = look_up(api, names[first:first + 500])
                found |= {(tenant, item["customerId"]): item["profile"]["version"] for item in page["items"] if item["result"] == "FOUND"}
        return found

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
                self.feed |= {event["eventId"]: event for event in page}
                self.places[tenant] = page[-1]["position"]


def look_up(api, names, patience_s=60):
    """As soon as the store is there again."""
    deadline = time.monotonic() + patience_s
    while True:
        status, text = api.request("POST", f"{API}/customers/lookup", {"ids": names})
        if status == 200:
            return json.loads(text)
        if status != 503 or time.monotonic() > deadline:
            raise RuntimeError(f"the customers cannot be looked up: {status} {text}")
        time.sleep(0.1)


def await_true(holds, patience_s):
    """Whether it did in that time."""
    deadline = time.monotonic() + patience_s
    while time.monotonic() < deadline:
        try:
            if holds():
                return True
        except (OSError, AssertionError):
            pass
        time.sleep(0.02)
    return False


def run_cycles(state):
    """Up to the first that shows something; true when none did."""
    options, wrong, number, begun = state.options, [], 0, time.monotonic()
    for number in range(1, (options.cycles or len(state.kinds)) + 1):
        began = time.monotonic()
        if options.minutes and began - begun > options.minutes * 60:
            number -= 1
            break
        state.met = True
        kind, wrong = state.cycle(number)
        wrong = wrong or state.look_at_answers()
        print(f"# cycle {number}: {kind}{'' if state.met else ' (not met)'}, {state.told()}, {time.monotonic() - began:.1f} s", flush=True)
        if wrong:
            print(f"not ok - cycle {number} ({kind}, seed {options.seed})")
            print("\n".join(f"  {violation}" for violation in wrong[:10]), flush=True)
            print("".join(f"  | {line}\n" for service in state.services for line in service.tail().splitlines()))
            return False
    if wrong := state.late():
        print(f"not ok - nothing comes later (seed {options.seed}): {wrong[:5]}")
        return False
    print(f"ok - {number} faults: {state.done()} ({options.store}, seed {options.seed})", flush=True)
    return True


def is_missed(state, name, guard, number):
    """Without the guard, what is promised must be found broken."""
    began, wrong = time.monotonic(), []
    state.end_services()
    state.begin(f"without-{number}.", guard)
    for cycle in range(1, UNGUARDED_CYCLES + 1):
        if wrong := state.unguarded(cycle, guard.kind):
            break
    told = f"without {name} it is found that events are not {guard.promise}"
    print(f"{'ok' if wrong else 'not ok'} - {told} # {wrong[:1]} in {cycle} cycles, {time.monotonic() - began:.1f} s", flush=True)
    return bool(wrong)


def drive(state):
    """The cycles, then what is asked for without guards."""
    try:
        good = run_cycles(state)
        guards = state.GUARDS.items() if good and getattr(state.options, "unguarded", "") else ()
        return all([good, *(is_missed(state, name, guard, number) for number, (name, guard) in enumerate(guards))])
    finally:
        state.close()
