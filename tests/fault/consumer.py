#!/usr/bin/python3
"""Kills what can be killed while messages of neighbouring systems are read, and looks for the effect of each.

    build/venv/bin/python3 tests/fault/consumer.py [--store sqlite|postgres] [--cycles 200] [--seed N] [--only broker,point]

A cycle: messages of all six types, some of them sent twice, and messages that cannot be read are sent; such about customers who are created
when all is over, which wait till then; and messages that are refused, with others of their key behind them, which follow, while those
of another tenant with that key do not. In the middle of it,

  random   kill -9 of an instance
  point    kill -9 at a named point of the consumer (base/fault.h), at its n-th pass
  stop     an orderly stop
  broker   kill -9 of the broker, of all when there are several;  one: of one of several
  stalled  (PostgreSQL) an instance stops until the group has given its partitions to the other, then goes on
  server   (PostgreSQL) kill -9 of the database;  cut: all its connections are cut
  away     no broker can be reached for --away seconds (in long runs, once)

Afterwards all runs again, and each message must be in its customer's timeline once, by their numbers in the order in which they were
sent with their topic and key, each update of master data an event once, the last of them what the customer shows, each lead a customer once, and each message that was refused, or follows one, a
dead letter once. On PostgreSQL two instances run.
--self-test feeds the comparison what it must find; --unguarded takes away what the consumer rests on (tests/fault/guards.py), and
the comparison must find that.
"""
import collections
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
from servers.service import API, Mismatch  # noqa: E402

MESSAGES, SESSION_S = 600, 6
MAIN, OTHER = "default", "other"
FIXED = [(MAIN, f"C-{n}") for n in range(12)]
POINTS = ("consumer.before_apply", "consumer.after_apply", "consumer.after_letters", "consumer.before_offsets", "consumer.after_offsets")


# What tells of a message in the timeline: the type of the entry, and its detail that is the event's id.
TOLD = {"service_orders": ("SERVICE_ORDER", "priority"), "sla_breaches": ("SERVICE_ORDER", "sla"),
        "contracts": ("CONTRACT", "planId"), "blocks": ("CREDIT", "reason")}


def payload(kind, number, name, event):
    return {"customerId": name, **{
        "service_orders": {"serviceOrderId": f"SO-{number}", "priority": event},
        "sla_breaches": {"serviceOrderId": f"SO-{number}", "sla": event},
        "contracts": {"contractId": f"CT-{number}", "planId": event},
        "blocks": {"reason": event},
        "master_updates": {"website": website(event)},
    }[kind]}


def website(event):
    return f"https://{event}.example"


def refused(kind, name):
    """As above, with a value that is not taken."""
    return {**payload(kind, 0, name, "refused"), {"service_orders": "serviceOrderId", "sla_breaches": "serviceOrderId",
                                                  "contracts": "contractId", "blocks": "reason"}[kind]: 3}


def compare(sent, told):
    """What was sent: event ids in their order, by customer (and type) and key. What the service tells: event ids in the order of their
    facts, by customer (and type)."""
    found, known = [], {}
    for (customer, key), wanted in sent.items():
        got = [event for event in told.get(customer, []) if event in set(wanted)]
        known.setdefault(customer, set()).update(wanted)
        found += [f"{event} of {customer} took effect {got.count(event)} times" for event in wanted if got.count(event) != 1]
        found += [f"what {customer} has of the key {key} took effect in another order"] if [e for e in wanted if e in got] != list(dict.fromkeys(got)) else []
    for customer, events in told.items():
        found += [f"{event} of {customer} was never sent" for event in set(events) - known.get(customer, set())]
    return found


def compare_masters(sent, updates, shown):
    """By customer: the event ids that were sent, how many updates by master data its feed has, and its website."""
    found = [f"{updates[name]} of {len(events)} updates of {name} by master data took effect" for name, events in sent.items() if updates[name] != len(events)]
    return found + [f"{name} has {shown[name]}, and {website(events[-1])} was said last" for name, events in sent.items()
                    if shown[name] != website(events[-1])]


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
                    "--kafka-timeout", "2s", "--kafka-retry-for", "600s", "--log-level", "info", *inputs.flags(prefix),
                    "--kafka-settings", f"session.timeout.ms={SESSION_S}000,heartbeat.interval.ms=500"], guard)
        self.sender = inputs.Sender(self.broker.brokers, prefix)
        self.sent, self.masters, self.leads, self.letters, self.number = {}, {}, set(), 0, 0
        self.absent, self.plain = [], guard is not None
        for customer in FIXED:
            self.create(customer)
            self.create((OTHER, customer[1]))

    def create(self, customer):
        api, body = Api(self.services[0].port, customer[0]), {"customerId": customer[1], "name": f"Customer {customer[1]}"}
        if not await_true(lambda: api.request("POST", f"{API}/customers?onDuplicate=allow", body)[0] in (201, 409), 60):
            raise RuntimeError(f"{customer} cannot be created")

    # --- what is sent ---

    def any_kind(self, *more):
        """One half is service orders."""
        return self.chance.choice(("service_orders",) * 4 + (*TOLD, *more))

    def send_told(self, kind, customer, event, key=None):
        """A customer is a tenant and a name, by which it is keyed."""
        tenant, name = customer
        self.sent.setdefault(((customer, kind), key or name), []).append(event)
        self.send_some(kind, key or name, event, payload(kind, self.number, name, event), tenant=tenant)

    def send_some(self, kind, key, event, body, **more):
        for _ in range(self.chance.choice((1, 1, 1, 2))):  # resent at once, as by a producer that got no answer
            self.sender.json(kind, key, event, body, **more)

    def send_master(self, customer, event):
        """A later word each time, of the main tenant."""
        name = customer[1]
        self.masters.setdefault(name, []).append(event)
        self.send_some("master_updates", name, event, payload("master_updates", 0, name, event), at_ms=inputs.NOW_MS + len(self.masters[name]))

    def send_about(self, kind, customer, event):
        if kind == "master_updates":
            self.send_master(customer, event)
        else:
            self.send_told(kind, customer, event)

    def send_early(self, event):
        """Before its customer is there."""
        customer, kind = (MAIN, f"L-{self.number}"), self.any_kind("master_updates")
        self.absent.append(customer)
        for n in range(3):
            self.send_about(kind, customer, f"{event}-{n}")

    def send_refused(self, event):
        """One that takes effect, one that is refused, two that follow; and another tenant's with the key."""
        name, key, kind = self.chance.choice(FIXED)[1], f"bad-{self.number}", self.any_kind()
        self.send_told(kind, (MAIN, name), f"{event}-0", key)
        self.sender.json(kind, key, f"{event}-1", refused(kind, name))
        for n in (2, 3):
            self.sender.json(kind, key, f"{event}-{n}", payload(kind, self.number, name, f"{event}-{n}"))
            self.send_told(kind, (OTHER, name), f"{event}-other-{n}", key)
        self.letters += 3

    def send_lead(self, event):
        self.leads.add(f"Lead {self.number}")
        self.send_some("leads", event, event, {"leadId": f"L-{self.number}", "name": f"Lead {self.number}"})

    def send_one(self):
        self.number += 1
        event, dice = f"e-{self.options.seed}-{self.number}", self.chance.random()
        if dice < 0.03:
            self.letters += 1
            self.sender.send(self.any_kind("master_updates", "leads"), f"poison-{self.number}", b"\0\0")
        elif dice < 0.08:
            self.send_lead(event)
        elif dice < 0.10 and not self.plain:
            self.send_early(event)
        elif dice < 0.12 and not self.plain:
            self.send_refused(event)
        else:
            self.send_about(self.any_kind("master_updates"), self.chance.choice(FIXED), event)

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
        while self.absent:
            self.create(self.absent.pop())
        return kind, self.look()

    # --- what is there ---

    def told_of(self, customer):
        """By type, in the order of their facts: all have one time, and of those the newest fact comes first."""
        found, cursor, api = {kind: [] for kind in TOLD}, "", Api(self.services[0].port, customer[0])
        while cursor is not None:
            page = api.ask("GET", f"/customers/{customer[1]}/timeline?limit=500{cursor}")
            for kind, (entry, mark) in TOLD.items():
                found[kind] += [item["details"][mark] for item in page["items"] if item["type"] == entry and mark in item["details"]]
            cursor = f"&cursor={page['next']}" if page["next"] else None
        return {(customer, kind): events[::-1] for kind, events in found.items()}

    def compare(self):
        told = {}
        for customer in {*FIXED, *(customer for (customer, _), _ in self.sent)}:
            told |= self.told_of(customer)
        return compare(self.sent, told)

    def look_at_masters(self, api, feed):
        """Each is an event, for each says something else; what the customer shows is the last word."""
        updates = collections.Counter(event["aggregateId"] for event in feed if event["payload"].get("updatedBy") == "mdm")
        shown = {name: api.ask("GET", f"/customers/{name}").get("website") for name in self.masters}
        return compare_masters(self.masters, updates, shown)

    def look_once(self):
        api, found = Api(self.services[0].port), self.compare()
        feed = api.feed().values()
        made = [event["payload"]["name"] for event in feed if event["eventType"] == "CustomerProfileCreatedEvent"]
        found += self.look_at_masters(api, feed)
        found += [f"{name} was made {made.count(name)} times" for name in self.leads if made.count(name) != 1]
        if (letters := api.metric("customer360_dead_letters")) != self.letters:
            found.append(f"{letters:.0f} dead letters of {self.letters}")
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
        for customer in FIXED:
            self.number += 1
            self.send_told("service_orders", customer, f"last-{number}-{customer[1]}")
        self.sender.flush()
        if not await_true(lambda: all(f"last-{number}-{customer[1]}" in self.told_of(customer)[customer, "service_orders"] for customer in FIXED), 60):
            raise RuntimeError("the last messages did not take effect")
        return self.compare()

    def told(self):
        return f"{self.number} messages"

    def done(self):
        return f"each of {self.number} messages took effect once, in order"


def self_test():
    good = True
    for name, told, bad in (("a good history", ["a", "b"], False), ("a lost effect", ["a"], True), ("a doubled effect", ["a", "b", "b"], True),
                            ("an effect of nothing", ["a", "b", "c"], True), ("a wrong order", ["b", "a"], True)):
        right = bool(compare({("C", "k"): ["a", "b"]}, {"C": told})) == bad
        good = good and right
        print(f"{'ok' if right else 'not ok'} - the comparison sees {name}")
    right = bool(compare({}, {"C": ["a"]}))
    print(f"{'ok' if right else 'not ok'} - the comparison sees an effect at a wrong customer")
    for name, updates, shown, bad in (("good master data", 2, "b", False), ("a lost update", 1, "b", True), ("a doubled update", 3, "b", True),
                                      ("another last word", 2, "a", True)):
        seen = bool(compare_masters({"C": ["a", "b"]}, {"C": updates}, {"C": website(shown)})) == bad
        right = right and seen
        print(f"{'ok' if seen else 'not ok'} - the comparison sees {name}")
    apart = not compare({("C", "k"): ["a"], ("C", "l"): ["b"]}, {"C": ["b", "a"]})
    print(f"{'ok' if apart else 'not ok'} - the comparison lets keys have any order among each other")
    return good and right and apart


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
