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
import os
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path[:0] = [os.path.join(ROOT, "tests", "kafka"), os.path.join(ROOT, "tests", "scenario"), os.path.join(ROOT, "tests")]
import topics  # noqa: E402  (tests/kafka/topics.py)
from faults import LeaderRun, drive  # noqa: E402
from run import Mismatch  # noqa: E402  (tests/scenario/run.py)
from servers.kafka import KafkaServer  # noqa: E402

POINTS = ("relay.after_fence", "relay.after_begin", "relay.after_events", "relay.before_commit", "relay.after_commit")


class Run(LeaderRun):
    LEADS, POINTS = "customer360_relay_leads", POINTS

    def __init__(self, options):
        super().__init__(options)
        self.broker = KafkaServer()
        self.broker.start()
        self.serve(["--kafka-brokers", self.broker.brokers, "--kafka-lease", f"{self.LEASE_S}s", "--kafka-timeout", "2s", "--log-level", "info"])
        self.reader, self.messages = topics.Reader(self.broker.brokers), []
        self.choose(zip(POINTS, (1, 2, 3, 2, 2)), ["random", "broker", "stop", "frozen"])

    def freeze_broker(self, _):
        self.broker.pause()
        time.sleep(self.chance.uniform(2.2, 3))
        self.broker.go_on()

    FAULTS = {"random": LeaderRun.kill_leader, "stop": LeaderRun.stop_leader, "point": LeaderRun.kill_at_point, "broker": LeaderRun.kill_broker,
              "frozen": freeze_broker, "stalled": LeaderRun.stall_leader, "server": LeaderRun.kill_database, "cut": LeaderRun.cut_database}

    def look(self, patience_s=60):
        deadline = time.monotonic() + patience_s
        while True:
            self.read_feed()
            self.messages += self.reader.read()
            if len(self.messages) == len(self.feed):
                self.read_feed()
            found = [] if len(self.messages) < len(self.feed) else topics.compare(self.feed, self.messages)
            done = len(self.messages) >= len(self.feed)
            if (done and not found) or time.monotonic() > deadline:
                return found if done else topics.compare(self.feed, self.messages)
            time.sleep(0.1)

    def late(self):
        time.sleep(1)
        return self.look(5)

    def told(self, kind):
        return f"{kind}, {len(self.feed)} events"

    def done(self):
        return f"each of {len(self.feed)} events was read once, in order"

    def close(self):
        self.reader.close()
        super().close()


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
        good = self_test() if options.self_test else drive(Run(options))
    except (Mismatch, RuntimeError) as problem:
        print(f"not ok - fault run of the relay ({options.store}, seed {options.seed})\n  {problem}")
        good = False
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
