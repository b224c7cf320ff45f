#!/usr/bin/python3
"""Kills what can be killed while messages of neighbouring systems are read, and looks for the effect of each.

    build/venv/bin/python3 tests/fault/consumer.py [--store sqlite|postgres] [--cycles 200] [--seed N] [--only broker,point]

A cycle: service orders, leads, messages sent twice, and messages that cannot be read are sent; in the middle of it,

  random   kill -9 of an instance
  point    kill -9 at a named point of the consumer (base/fault.h), at its n-th pass
  stop     an orderly stop
  broker   kill -9 of the broker, of all when there are several;  one: of one of several
  stalled  (PostgreSQL) an instance stops until the group has given its partitions to the other, then goes on
  server   (PostgreSQL) kill -9 of the database;  cut: all its connections are cut
  away     no broker can be reached for --away seconds (in long runs, once)

Afterwards all runs again, and each order must be in its customer's timeline once, in the order in which it was sent, each
lead a customer once, and each message that cannot be read a dead letter once. On PostgreSQL two instances run.
--self-test feeds the comparison what it must find; --unguarded takes away what the consumer rests on (tests/fault/guards.py), and
the comparison must find that.
"""
import os
import signal
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path[:0] = [os.path.join(ROOT, "tests", "kafka"), os.path.join(ROOT, "tests")]
import guards  # noqa: E402
import inputs  # noqa: E402  (tests/kafka/inputs.py)
from faults import FaultRun, arguments, await_true, drive  # noqa: E402
from servers.api import Api  # noqa: E402
from servers.service import Mismatch  # noqa: E402

CUSTOMERS, MESSAGES, SESSION_S = 12, 600, 6
POINTS = ("consumer.before_apply", "consumer.after_apply", "consumer.after_letters", "consumer.before_offsets", "consumer.after_offsets")


def compare(sent, told):
    """Both by customer: event ids in the order of sending, and (time of recording, event id) as the service tells them."""
    found = []
    for customer in sorted(sent.keys() | told.keys()):
        wanted, times = sent.get(customer, []), {}
        for at, event in told.get(customer, []):
            times.setdefault(event, []).append(at)
        found += [f"{event} of {customer} took effect {len(times.get(event, []))} times" for event in wanted if len(times.get(event, [])) != 1]
        found += [f"{event} of {customer} was never sent" for event in times.keys() - set(wanted)]
        in_order = [times[event][0] for event in wanted if event in times]
        found += [f"an order of {customer} was recorded before one that was sent earlier"] if in_order != sorted(in_order) else []
    return found


class Run(FaultRun):
    POINTS, PASSES, GUARDS = POINTS, 6, guards.CONSUMER

    def __init__(self, options):
        super().__init__(options)
        self.make_broker()
        self.choose(zip(POINTS, (1, 2, 1, 2, 2)), ["random", "broker", "stop"])
        self.begin("")

    def begin(self, prefix, guard=None):
        inputs.make_topics(self.broker.brokers, prefix, partitions=4)
        self.serve(["--kafka-brokers", self.broker.brokers, "--kafka-topic-prefix", prefix, "--kafka-group", f"{prefix}group",
                    "--kafka-timeout", "2s", "--log-level", "info", *inputs.flags(prefix),
                    "--kafka-settings", f"session.timeout.ms={SESSION_S}000,heartbeat.interval.ms=500"], guard)
        self.sender = inputs.Sender(self.broker.brokers, prefix)
        self.sent, self.leads, self.poison, self.number = {f"C-{n}": [] for n in range(CUSTOMERS)}, set(), 0, 0
        for customer in self.sent:
            Api(self.services[0].port).ask("POST", "/customers?onDuplicate=allow", {"customerId": customer, "name": f"Customer {customer}"})

    # --- what is sent ---

    def send_order(self, customer, event):
        self.sent[customer].append(event)
        for _ in range(self.chance.choice((1, 1, 1, 2))):  # resent at once, as by a producer that got no answer
            self.sender.json("service_orders", customer, event, {"serviceOrderId": f"SO-{self.number}", "customerId": customer, "priority": event})

    def send_one(self):
        self.number += 1
        event, dice = f"e-{self.options.seed}-{self.number}", self.chance.random()
        if dice < 0.03:
            self.poison += 1
            self.sender.send("service_orders", f"poison-{self.number}", b"\0\0")
        elif dice < 0.08:
            self.leads.add(f"Lead {self.number}")
            for _ in range(self.chance.choice((1, 1, 2))):
                self.sender.json("leads", event, event, {"leadId": f"L-{self.number}", "name": f"Lead {self.number}"})
        else:
            self.send_order(self.chance.choice(list(self.sent)), event)

    def send(self, count):
        for _ in range(count):
            self.send_one()
        self.sender.producer.poll(0)

    # --- what is done ---

    def kill_one(self, _):
        self.chance.choice(self.services).stop(signal.SIGKILL)

    def stop_one(self, _):
        self.chance.choice(self.services).stop()

    def kill_at_point(self, kind):
        """Unless another has read all before."""
        self.start_to_die(kind)
        deadline = time.monotonic() + 15
        while time.monotonic() < deadline and self.all_live():
            self.send(5)
            self.sender.producer.flush(1)
            time.sleep(0.1)
        self.met = not self.all_live()
        self.kill_all()

    def stall_one(self, _):
        self.stall(self.chance.choice(self.services), SESSION_S + 1.5)

    def keep_broker_away(self, _):
        self.broker.kill()
        time.sleep(self.options.away)
        self.broker.start()

    FAULTS = {"random": kill_one, "stop": stop_one, "point": kill_at_point, "broker": FaultRun.kill_broker, "one": FaultRun.kill_one_broker,
              "stalled": stall_one, "server": FaultRun.kill_database, "cut": FaultRun.cut_database, "away": keep_broker_away}

    def cycle(self, number, kind=None):
        kind = kind or self.kind_of(number)
        self.send(MESSAGES // 2)
        time.sleep(self.chance.uniform(0, 0.4))
        self.befall(kind)
        self.send(MESSAGES // 2)
        self.bring_back()
        self.sender.flush()
        return kind, self.look()

    # --- what is there ---

    def orders_of(self, api, customer):
        found, cursor = [], ""
        while cursor is not None:
            page = api.ask("GET", f"/customers/{customer}/timeline?type=SERVICE_ORDER&limit=500{cursor}")
            found += [(item["recordedAt"], item["details"]["priority"]) for item in page["items"]]
            cursor = f"&cursor={page['next']}" if page["next"] else None
        return found

    def look_once(self):
        api = Api(self.services[0].port)
        found = compare(self.sent, {customer: self.orders_of(api, customer) for customer in self.sent})
        made = [event["payload"]["name"] for event in api.feed().values() if event["eventType"] == "CustomerProfileCreatedEvent"]
        found += [f"{name} was made {made.count(name)} times" for name in self.leads if made.count(name) != 1]
        if (letters := api.metric("customer360_dead_letters")) != self.poison:
            found.append(f"{letters:.0f} dead letters of {self.poison}")
        return found

    def look(self, patience_s=60):
        deadline, found = time.monotonic() + patience_s, ["nothing answers"]
        while found and time.monotonic() < deadline:
            try:
                found = self.look_once()
            except (AssertionError, OSError) as problem:  # the database may not be there yet
                found = [str(problem)]
            time.sleep(0.3 if found else 0)
        return found

    def unguarded(self, number, kind):
        """Once the last of each customer took effect, before which none comes any more."""
        self.look, kept = lambda: [], self.look
        try:
            self.cycle(number, kind)
        finally:
            self.look = kept
        for customer in self.sent:
            self.number += 1
            self.send_order(customer, f"last-{number}-{customer}")
        self.sender.flush()
        api = Api(self.services[0].port)
        if not await_true(lambda: all(f"last-{number}-{customer}" in [event for _, event in self.orders_of(api, customer)] for customer in self.sent), 60):
            raise RuntimeError("the last messages did not take effect")
        return compare(self.sent, {customer: self.orders_of(api, customer) for customer in self.sent})

    def told(self):
        return f"{self.number} messages"

    def done(self):
        return f"each of {self.number} messages took effect once, in order"


def self_test():
    good = True
    for name, told, bad in (("a good history", [(1, "a"), (1, "b")], False), ("a lost effect", [(1, "a")], True),
                            ("a doubled effect", [(1, "a"), (2, "b"), (2, "b")], True), ("an effect of nothing", [(1, "a"), (1, "b"), (1, "c")], True),
                            ("a wrong order", [(2, "a"), (1, "b")], True)):
        right = bool(compare({"C": ["a", "b"]}, {"C": told})) == bad
        good = good and right
        print(f"{'ok' if right else 'not ok'} - the comparison sees {name}")
    right = bool(compare({}, {"C": [(1, "a")]}))
    print(f"{'ok' if right else 'not ok'} - the comparison sees an effect at a wrong customer")
    return good and right


def main():
    parser = arguments(__doc__)
    parser.add_argument("--away", type=int, default=120, help="seconds")
    options = parser.parse_args()
    options.binary = os.path.abspath(options.binary)
    try:
        good = self_test() if options.self_test else drive(Run(options))
    except (Mismatch, RuntimeError) as problem:
        print(f"not ok - fault run of the consumer ({options.store}, seed {options.seed})\n  {problem}")
        good = False
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
