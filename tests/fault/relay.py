#!/usr/bin/python3
"""Kills what can be killed while events are published to Kafka, and compares the topics with the outbox.

    build/venv/bin/python3 tests/fault/relay.py [--store sqlite|postgres] [--cycles 200] [--seed N] [--only broker,point]

A cycle: clients create and change customers; then, in the middle of it,

  random   kill -9 of the instance that publishes
  point    kill -9 at a named point of the relay (base/fault.h), at its n-th pass
  stop     an orderly stop, which publishes what is there
  broker   kill -9 of the broker, of all when there are several, while writes go on;  one: of one of several
  frozen   the broker stops for longer than a call may take, and goes on
  stalled  (PostgreSQL) the instance that publishes stops past its lease, the other takes over, then it goes on
  halted   (PostgreSQL) the same, at a named point
  late     (PostgreSQL) nobody can number events for a while
  server   (PostgreSQL) kill -9 of the database;  cut: all its connections are cut
  away     no broker can be reached for --away seconds, and writes go on (in long runs, once)
  registry the registry is killed while the service publishes, and away when it starts anew (in long runs, once)

Afterwards all runs again, and a reader of committed records must have seen each event of the outbox, once, in order
per customer; what the clients were answered must be there, and each version of it an event. On PostgreSQL two instances run. --self-test feeds the comparison what it must find; --unguarded takes away what
the relay rests on (tests/fault/guards.py), and the comparison must find that.
"""
import os
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path[:0] = [os.path.join(ROOT, "tests", "kafka"), os.path.join(ROOT, "tests")]
import clients  # noqa: E402
import guards  # noqa: E402
import topics  # noqa: E402  (tests/kafka/topics.py)
from faults import LeaderRun, arguments, drive  # noqa: E402
from servers.registry import RegistryServer  # noqa: E402
from servers.service import Mismatch  # noqa: E402

POINTS = ("relay.after_fence", "relay.after_begin", "relay.after_events", "relay.before_commit", "relay.after_commit")


class Run(LeaderRun):
    LEADS, WORKED, POINTS, GUARDS = "customer360_relay_leads", "customer360_relay_events_published_total", POINTS, guards.RELAY
    registry = None

    def __init__(self, options):
        super().__init__(options)
        self.make_broker()
        self.choose(zip(POINTS, (1, 2, 3, 2, 2)), ["random", "broker", "stop", "frozen"], ["halted relay.before_commit:2", "late"])
        if "registry" in self.kinds:
            self.registry = RegistryServer()
            self.registry.start()
        self.begin("")

    def begin(self, prefix, guard=None):
        self.forget()
        flags = ["--kafka-registry", self.registry.url] if self.registry else []
        self.serve(["--kafka-brokers", self.broker.brokers, "--kafka-topic-prefix", prefix, "--kafka-lease", f"{self.LEASE_S}s",
                    "--kafka-timeout", "2s", "--log-level", "info", *flags], guard)
        self.reader, self.messages = topics.Reader(self.broker.brokers, prefix), []

    # --- faults ---

    def freeze_broker(self, _):
        self.broker.pause()
        time.sleep(self.chance.uniform(2.2, 3))
        self.broker.go_on()

    def keep_broker_away(self, _):
        self.broker.kill()
        time.sleep(self.options.away)
        self.broker.start()

    def keep_registry_away(self, _):
        """Who has registered needs it no more; who starts does."""
        self.registry.kill()
        time.sleep(2)
        self.kill_all()
        self.bring_back()
        time.sleep(5)
        self.registry.start()

    def hold_numbering_up(self, _):
        """By the lock of whoever numbers; many changes of a customer are numbered at once then."""
        self.stores.server.sql("select pg_advisory_lock(4915320193608), pg_sleep(1.5)")

    FAULTS = {"random": LeaderRun.kill_leader, "stop": LeaderRun.stop_leader, "point": LeaderRun.kill_at_point, "broker": LeaderRun.kill_broker,
              "one": LeaderRun.kill_one_broker, "frozen": freeze_broker, "stalled": LeaderRun.stall_leader, "halted": LeaderRun.halt_at_point,
              "server": LeaderRun.kill_database, "cut": LeaderRun.cut_database, "away": keep_broker_away, "registry": keep_registry_away,
              "late": hold_numbering_up}

    # --- what is there ---

    def read_on(self):
        self.read_feed()
        self.messages += self.reader.read()

    def look(self, patience_s=60):
        deadline = time.monotonic() + patience_s
        while True:
            self.read_on()
            is_late = time.monotonic() > deadline
            are_there = len(self.messages) >= len(self.feed)
            wrong = topics.compare(self.feed, self.messages) if are_there or is_late else ["not all were read yet"]
            if not wrong or is_late:
                return wrong
            time.sleep(0.1)

    def is_last_read(self):
        """The relay publishes in order, so none before it comes any more."""
        last = max(self.feed, key=lambda event_id: self.feed[event_id]["position"], default=None)
        return last in {topics.headers(message)["ce_id"] for message in self.messages[-5000:]}

    def look_for_what_is_wrong(self, patience_s=60, at_end_s=1):
        """A transaction appears in one partition after the other: what is missing must stay so for a while."""
        deadline, at_end_since = time.monotonic() + patience_s, None
        while not at_end_since or time.monotonic() < at_end_since + at_end_s:
            if time.monotonic() > deadline:
                raise RuntimeError("the last event was not published")
            self.read_on()
            at_end_since = (at_end_since or time.monotonic()) if self.is_last_read() else None
            time.sleep(0.1)
        return topics.compare(self.feed, self.messages)

    def unguarded(self, number, kind):
        self.look, kept = self.look_for_what_is_wrong, self.look
        try:
            return self.cycle(number, kind)[1]
        finally:
            self.look = kept

    def late(self):
        time.sleep(1)
        return self.look(5)

    def told(self):
        return f"{len(self.feed)} events"

    def done(self):
        return f"each of {len(self.feed)} events was read once, in order"

    def close(self):
        self.reader.close()
        super().close()
        if self.registry:
            self.registry.stop()


class Told:
    """Recorded at the second of its number, or as told. As a message of the client library, for the self-test."""

    def __init__(self, number, key, topic="created", second=None):
        self.parts = (topic, key.encode(), [("ce_id", f"e{number}".encode()), ("ce_sequence", f"{number:019d}".encode()),
                                            ("ce_subject", key.encode()), ("ce_type", b"x.Made"), ("ce_tenantid", b"t"),
                                            ("ce_time", f"2026-01-01T00:00:{number if second is None else second:02d}Z".encode())])

    def topic(self):
        return self.parts[0]

    def key(self):
        return self.parts[1]

    def headers(self):
        return self.parts[2]


def self_test():
    feed = {f"e{n}": {"aggregateId": "A", "eventType": "Made"} for n in (1, 2)}
    one, two = Told(1, "A"), Told(2, "A")
    good = clients.self_test()
    for name, messages, bad in (("a good history", [one, two], False), ("a lost event", [one], True),
                                ("a doubled event", [one, two, two], True), ("an event of nobody", [one, two, Told(3, "A")], True),
                                ("a wrong order", [two, one], True), ("a wrong customer", [one, Told(2, "B")], True),
                                ("an order that is not that of the changes", [one, Told(2, "A", "updated", second=0)], True)):
        right = bool(topics.compare(feed, messages)) == bad
        good = good and right
        print(f"{'ok' if right else 'not ok'} - the comparison sees {name}")
    return good


def main():
    parser = arguments(__doc__)
    parser.add_argument("--away", type=int, default=120, help="seconds")
    options = parser.parse_args()
    options.binary = os.path.abspath(options.binary)
    try:
        good = self_test() if options.self_test else drive(Run(options))
    except (Mismatch, RuntimeError) as problem:
        print(f"not ok - fault run of the relay ({options.store}, seed {options.seed})\n  {problem}")
        good = False
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
