#!/usr/bin/python3
"""Kills what can be killed while events are delivered to a webhook, and compares what its receiver took with the feed.

    tests/fault/webhooks.py [--store sqlite|postgres] [--cycles 200] [--seed N] [--only random,point]

The receiver refuses one request in twenty, and lets some wait. A cycle: clients create and change customers; then, in
the middle of it,

  random    kill -9 of the instance that delivers
  point     kill -9 at a named point of the deliverer (base/fault.h), at its n-th pass
  stop      an orderly stop
  gone      the receiver is away for a while
  stalled   (PostgreSQL) the instance that delivers stops past its lease, the other takes over, then it goes on
  halted    (PostgreSQL) the same, at a named point
  server    (PostgreSQL) kill -9 of the database;  cut: all its connections are cut

Afterwards all runs again, and the receiver must have taken each event of the feed, word for word, and those of each
customer in their order; an event may come again, none may come that is not in the feed; what the clients were answered must be
there, and each version of it an event. On PostgreSQL two instances
run. --self-test feeds the comparison what it must find.
"""
import json
import os
import random
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path[:0] = [os.path.join(ROOT, "tests", "kafka"), os.path.join(ROOT, "tests"), os.path.join(ROOT, "tests", "webhooks"), HERE]
from clients import TENANTS  # noqa: E402
from faults import LeaderRun, arguments, drive  # noqa: E402
from servers.api import Api  # noqa: E402
from receiver import Receiver  # noqa: E402  (tests/webhooks/receiver.py)

POINTS = ("webhooks.sent", "webhooks.written")
FLAGS = ["--webhooks-internal-networks", "127.0.0.0/8", "--webhooks-plain-http", "--webhooks-timeout", "500ms",
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


class Run(LeaderRun):
    LEADS = WORKED = "customer360_webhooks_leads"
    POINTS = POINTS

    def __init__(self, options):
        super().__init__(options)
        self.forget()
        self.taken, self.is_gone = [], False
        self.receiver = Receiver(self.take, keep=False)
        self.serve(["--webhooks-lease", f"{self.LEASE_S}s", *FLAGS])
        for tenant in TENANTS:
            Api(self.services[0].port, tenant).ask("POST", "/webhooks", {"url": self.receiver.url, "after": 0})
        self.choose(zip(POINTS * 2, (1, 1, 4, 4)), ["random", "stop", "gone"], ["halted webhooks.sent:2"])

    def take(self, request):
        """On the receiver's thread: what is answered with 2xx is taken."""
        if self.is_gone or random.random() < 0.05:
            return 503
        self.taken.append(json.loads(request.body))
        return 204

    def send_receiver_away(self, _):
        self.is_gone = True
        time.sleep(self.chance.uniform(0.2, 1))
        self.is_gone = False

    FAULTS = {"random": LeaderRun.kill_leader, "stop": LeaderRun.stop_leader, "point": LeaderRun.kill_at_point, "gone": send_receiver_away,
              "stalled": LeaderRun.stall_leader, "halted": LeaderRun.halt_at_point, "server": LeaderRun.kill_database, "cut": LeaderRun.cut_database}

    def look(self, patience_s=60):
        deadline = time.monotonic() + patience_s
        while True:
            self.read_feed()
            wrong = compare(self.feed, list(self.taken))
            if not wrong or time.monotonic() > deadline:
                return wrong
            time.sleep(0.1)

    def told(self):
        return f"{len(self.feed)} events, {len(self.taken)} taken"

    def done(self):
        return f"each of {len(self.feed)} events was taken, in order per customer, {len(self.taken)} in all"

    def close(self):
        super().close()
        self.receiver.stop()


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
    options = arguments(__doc__, kafka=False).parse_args()
    sys.exit(0 if (self_test() if options.self_test else drive(Run(options))) else 1)


if __name__ == "__main__":
    main()
