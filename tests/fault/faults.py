"""What the fault runs of the relay, the consumer and the webhooks share: instances of the service, the faults that befall
them, cycles, and the report. Whoever imports it has tests/kafka, tests/scenario and tests in sys.path.
"""
import json
import os
import random
import signal
import threading
import time

from clients import CLIENTS, TENANTS, Client
from http_client import API, Api  # tests/kafka/http_client.py
from points import mistaken
from run import Mismatch, Service, Stores  # tests/scenario/run.py


class FaultRun:
    """A store and one instance, on PostgreSQL two. Of the subclass: POINTS, FAULTS {name: method}, cycle(number), which
    gives the kind and what is wrong, and the words of the report, told(kind) and done()."""

    PASSES = 12  # of a named point, at most
    broker = None

    def __init__(self, options):
        self.options, self.chance = options, random.Random(options.seed)
        if wrong := mistaken(options.binary, self.POINTS, {point.split(".")[0] for point in self.POINTS}):
            raise Mismatch(f"the points are not those of the program: {wrong}")
        self.stores = Stores(options.store, options.binary)
        self.url = self.stores.new()

    def serve(self, flags):
        count = 2 if self.options.store == "postgres" else 1
        self.services = [Service(self.options.binary, self.url, flags) for _ in range(count)]

    def choose(self, points, others):
        """points: (name, pass) of each to be met; others: faults that befall either store."""
        kinds = [f"point {point}:{n}" for point, n in points] + others
        kinds += ["stalled", "server", "cut"] if self.options.store == "postgres" else []
        self.kinds = [kind for kind in kinds if not self.options.only or kind.split()[0] in self.options.only.split(",")]

    def kind_of(self, number):
        """Each once, then any."""
        kind = self.kinds[number - 1] if number <= len(self.kinds) else self.chance.choice(self.kinds)
        if kind.startswith("point") and number > len(self.kinds):
            kind = f"point {self.chance.choice(self.POINTS)}:{self.chance.randint(1, self.PASSES)}"
        return kind

    def befall(self, kind):
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
        self.broker.kill()
        time.sleep(self.chance.uniform(0, 1.5))
        self.broker.start()

    def kill_database(self, _):
        self.stores.server.kill()
        time.sleep(0.3)
        self.stores.server.start()

    def cut_database(self, _):
        self.stores.server.cut_connections()

    # --- the end ---

    def late(self):
        """What is wrong a while after the last cycle."""
        return []

    def close(self):
        for service in self.services:
            if service.process:
                service.process.send_signal(signal.SIGCONT)
                service.stop(signal.SIGKILL)
        self.stores.close()
        if self.broker:
            self.broker.stop()


class LeaderRun(FaultRun):
    """Faults of the instance that does a work that one does, by its metric LEADS, under a lease of LEASE_S, while clients
    write. self.feed: all events, as the service tells them. look(): what is wrong, once it had time."""

    LEASE_S = 1

    def __init__(self, options):
        super().__init__(options)
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

    def cycle(self, number):
        kind, stop = self.kind_of(number), threading.Event()
        clients = [Client(self.services, f"{self.options.seed}-{number}-{index}", stop) for index in range(CLIENTS)]
        for client in clients:
            client.start()
        time.sleep(self.chance.uniform(0.1, 0.6))
        self.befall(kind)
        time.sleep(self.chance.uniform(0, 0.3))
        stop.set()
        for client in clients:
            client.join(20)
        self.bring_back()
        return kind, self.look()

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


def drive(state):
    """Cycle by cycle up to the first that shows something; true when none did."""
    options, wrong, number = state.options, [], 0
    try:
        for number in range(1, (options.cycles or len(state.kinds)) + 1):
            began = time.monotonic()
            kind, wrong = state.cycle(number)
            print(f"# cycle {number}: {state.told(kind)}, {time.monotonic() - began:.1f} s", flush=True)
            if wrong:
                print(f"not ok - cycle {number} ({kind}, seed {options.seed})")
                print("\n".join(f"  {violation}" for violation in wrong[:10]), flush=True)
                print("".join(f"  | {line}\n" for service in state.services for line in service.tail().splitlines()))
                break
        if not wrong and (wrong := state.late()):
            print(f"not ok - nothing comes later (seed {options.seed}): {wrong[:5]}")
    finally:
        state.close()
    if not wrong:
        print(f"ok - {number} faults: {state.done()} ({options.store}, seed {options.seed})")
    return not wrong
