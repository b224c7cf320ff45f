#!/usr/bin/python3
"""Kills what can be killed while customers are written, and checks what is there afterwards.

    tests/fault/run.py [--store sqlite|postgres] [--cycles 200] [--seed N] [--only resume,job] [--binary build/fault/customer360]

A cycle: start the service on the store of the cycle before, let eight clients create, change, merge, unmerge, grant and
revoke consent, add, change and remove contacts and relationships (writer.py), kill -9 the service (at a random moment, or
at a named point of its code; on PostgreSQL also the server itself, or cut the connections), start again, check (worlds.py):

  durable     every acknowledged change is there; a consent record as it was acknowledged, to the letter
  atomic      nothing is half done: what a change did not acknowledge is there wholly, with its event, or not at all
  exact feed  the feed has one event for each change that is there, none for others, in order per customer
  once        a create that is asked for again with its Idempotency-Key is there once, answered or not

An import and its undo are killed again and again, at the command line (resume) and as a job of the service (job), and
go on until they are done: the state is that of an undisturbed import, each customer, event and line of the report is
there once, and after the undo nothing is.

A run fails when a point that is listed here is not one of the program, when one of the program is not listed, when the
service does not die at the point of a cycle, and when it never died at one of them.

The checker is tested as well: --self-test feeds it histories with a lost write, a lost event, a doubled
event, a half-done change and a wrong order, and it must find each.
"""
import argparse
import http.client
import json
import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.join(ROOT, "tests"))
from points import mistaken  # noqa: E402
from worlds import Seen, World, compare, create, in_order, merge, put_consent, set_value, told  # noqa: E402
from writer import Client  # noqa: E402
from servers.service import API, Mismatch  # noqa: E402
from servers.stores import Stores, key_flags, serve  # noqa: E402

CLIENTS = 8
POINTS = ("sqlite.after_begin", "sqlite.in_body", "sqlite.maintained", "sqlite.before_commit", "sqlite.after_commit",
          "sqlite.before_acknowledge", "postgres.before_commit", "postgres.after_commit_sent", "postgres.after_commit",
          "http.before_answer")
PASSES = 60  # of a point, at most
LOOKED_AT = 8     # customers of a client that are looked at again in the next cycle, and those merged with them


class Patience:
    """Over when something was asked for in vain for so long. It is counted in tries: a time in which this program
    itself did not run, on a machine that has much else to do, is one of them."""

    def __init__(self, seconds):
        self.tries = int(seconds / 0.05)

    def is_over(self):
        self.tries -= 1
        time.sleep(0.05)
        return self.tries < 0


KEPT = {}  # port -> its connection


def read_customer(port, customer_id):
    status, text = get(port, f"/customers/{customer_id}")
    return status, json.loads(text or "{}")


def get(port, path, accept="application/json", tenant="fault"):
    """(status, text); a 503 is asked again, for it says that nothing was answered."""
    patience = Patience(60)
    while True:
        status, text = get_once(port, API + path, {"X-Tenant-ID": tenant, "Accept": accept})
        if status != 503:
            return status, text
        if patience.is_over():
            raise Mismatch(f"GET {path} answers 503 for a minute: {text}")


def get_once(port, path, headers):
    """Over the connection of before: what is there is read again and again. One of a service that was killed is no more."""
    for connection in (KEPT.pop(port, None), http.client.HTTPConnection("127.0.0.1", port, timeout=60)):
        try:
            if connection:
                connection.request("GET", path, headers=headers)
                response = connection.getresponse()
                text = response.read().decode()
                KEPT[port] = connection
                return response.status, text
        except (OSError, http.client.HTTPException):
            connection.close()
    raise Mismatch(f"GET {path} is not answered")


def read_feed(port, after=0, tenant="fault"):
    events = []
    while True:
        status, text = get(port, f"/events?after={after}&limit=500", "application/x-ndjson", tenant)
        if status != 200:
            raise Mismatch(f"the feed answers {status}: {text}")
        page = [json.loads(line) for line in text.splitlines() if line]
        if not page:
            return events
        events += page
        after = page[-1]["position"]


def one_cycle(service, stores, customers, chance, seed, kind):
    """(the clients, whether the service died at its point)"""
    stop, died = threading.Event(), False
    clients = [Client(service.port, f"F{seed}-{index}", seed * 100 + index, customers[index], stop)
               for index in range(CLIENTS)]
    for client in clients:
        client.start()
    if kind == "point":
        died = has_died(service)
    else:
        time.sleep(chance.uniform(0.05, 0.35))
        if kind == "server":
            stores.server.kill()
        elif kind == "cut":
            stores.server.cut_connections()
            time.sleep(0.1)
    if kind in ("random", "point"):
        service.stop(signal.SIGKILL)
    stop.set()
    for client in clients:
        client.join(30)
    if kind == "server":
        stores.server.start()
    return clients, died


def has_died(service):
    """By its own hand, at the point that it was told."""
    patience = Patience(60)
    while service.process.poll() is None and not patience.is_over():
        pass
    return service.process.poll() == -signal.SIGKILL


def look(port, world):
    """All that there is of the customers of a world."""
    seen, after = Seen(), world.with_pending() if world.pending else world
    for customer_id in {**world.homes, **after.homes}:
        status, profile = read_customer(port, customer_id)
        if status not in (200, 307, 404):
            raise Mismatch(f"{customer_id} answers {status}: {profile}")
        parts = [json.loads(get(port, f"/customers/{customer_id}/{part}")[1])["items"] if status == 200 else ()
                 for part in ("relationships", "consent/history")]
        seen.add(customer_id, status, profile, *parts)
    return seen


def check(worlds, looks, feed, retired=frozenset()):
    """Compares what was acknowledged with what is there: a list of violations. retired: ids no longer looked at."""
    found, unknown = in_order(feed), set()
    by_customer = {}
    for event in feed:
        customer_id, what = told(event)
        by_customer.setdefault(customer_id, []).append(what)
    known = set(retired)
    for world, seen in zip(worlds, looks):
        known.update(seen.customers)
        seen.events = by_customer
        seen.wrong = compare(world, seen)
        found += seen.wrong
    unknown = sorted(set(by_customer) - known)
    if unknown:
        found.append(f"events of customers that nobody made: {unknown[:5]}")
    return found


def verify(service, worlds, feed, retired):
    """Extends `feed` by what is new and checks all that is not retired."""
    # On PostgreSQL a commit may come through after its client is gone, and positions are given shortly after it, by a
    # sequencer that may have to connect again first.
    patience = Patience(15)
    looks = [look(service.port, world) for world in worlds]
    while True:
        feed += read_feed(service.port, feed[-1]["position"] if feed else 0)
        violations = check(worlds, looks, feed, retired)
        if not violations or patience.is_over():
            return violations
        looks = [look(service.port, world) if seen.wrong else seen for world, seen in zip(worlds, looks)]


def retry_keyed(port, clients):
    """Asks for every keyed create again, twice: (ids, violations)."""
    ids, found = set(), []
    for client in clients:
        for key, answered in client.keyed.items():
            given = {answered} if answered else set()
            for _ in range(2):
                given.add(post_keyed(port, key))
            names = json.loads(get(port, f"/customers?name=Keyed%20{key}")[1])["items"]
            if len(given) != 1 or {customer["customerId"] for customer in names} != given:
                found.append(f"{key}: answered {given}, there are {[customer['customerId'] for customer in names]}")
            ids |= {customer["customerId"] for customer in names}
    return ids, found


def post_keyed(port, key):
    """The customerId that is answered; 409 and 503 are asked again."""
    body, patience = json.dumps({"name": f"Keyed {key}"}), Patience(20)
    while True:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
        connection.request("POST", API + "/customers", body, {"X-Tenant-ID": "fault", "Idempotency-Key": key})
        response = connection.getresponse()
        answer = json.loads(response.read())
        connection.close()
        if response.status == 201:
            return answer["customerId"]
        if response.status not in (409, 503) or patience.is_over():
            return f"{response.status} {answer.get('error')}"


def check_created_once(ids, feed):
    """Each of them has one event that made it."""
    created = [e["aggregateId"] for e in feed if e["eventType"] == "CustomerProfileCreatedEvent"]
    return [f"{one}: {created.count(one)} created events" for one in ids if created.count(one) != 1]


def list_names(port, tenant):
    """Every customer's name, page by page."""
    names, cursor = [], ""
    while True:
        page = json.loads(get(port, f"/customers?limit=500{cursor}", tenant=tenant)[1])
        names += [customer["name"] for customer in page["items"]]
        if not page.get("next"):
            return names
        cursor = f"&cursor={page['next']}"


def import_cycle(options, service, url, chance, cycle):
    """Kills an import, checks that each row is there wholly or not at all, and imports again: every row once."""
    rows, tenant = 3000, f"import-{cycle}"
    path = os.path.join(tempfile.gettempdir(), f"customer360-fault-{os.getpid()}.csv")
    with open(path, "w", encoding="utf-8") as out:
        out.write("ID,name,segment\n" + "".join(f"{row},Customer {row},SMB\n" for row in range(rows)))
    command = [options.binary, "import", path, "--source", "erp", "--key-column", "ID", "--tenant", tenant, "--store", url, "--json"]
    command += key_flags(url)
    service.stop()
    importing = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    time.sleep(chance.uniform(0.01, 0.4))
    importing.kill()
    importing.wait()
    service.start()
    found = compare_import(service.port, tenant, None)
    service.stop()
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    service.start()
    os.remove(path)
    if done.returncode != 0:
        return found + [f"the second import ended with {done.returncode}: {done.stderr[-300:]}"]
    return found + compare_import(service.port, tenant, rows)


def compare_import(port, tenant, rows):
    """One event for each customer that is there; with `rows`, each of them exactly once."""
    patience = Patience(15)
    while True:
        names = list_names(port, tenant)
        created = [e["payload"]["name"] for e in read_feed(port, tenant=tenant) if e["eventType"] == "CustomerProfileCreatedEvent"]
        if sorted(names) == sorted(created) or patience.is_over():
            break
    found = [] if sorted(names) == sorted(created) else [f"import: {len(names)} customers, {len(created)} created events"]
    if len(set(names)) != len(names):
        found.append(f"import: {len(names) - len(set(names))} rows are there twice")
    if rows is not None and len(names) != rows:
        found.append(f"import: {len(names)} of {rows} rows after it was run again")
    return found


# --- imports that go on, and are taken back ---

RESUME_ROWS = 3000


def write_import(path):
    """Rows with ids of their own, half of them without a key: done twice each would be refused or doubled."""
    with open(path, "w", encoding="utf-8") as out:
        out.write("ID,customerId,name,segment,emails\n")
        for row in range(RESUME_ROWS):
            key = f"K{row}" if row % 2 else ""
            mail = "nonsense" if row % 100 == 50 else f"c{row}@x.example"
            out.write(f"{key},IMP-{row:05d},Customer {row},SEGMENT{row % 7},{mail}\n")


def expected_import():
    return {f"IMP-{row:05d}": (f"Customer {row}", f"SEGMENT{row % 7}", 1) for row in range(RESUME_ROWS) if row % 100 != 50}


def state_of(port, tenant):
    found, cursor = {}, ""
    while True:
        page = json.loads(get(port, f"/customers?limit=500{cursor}", tenant=tenant)[1])
        found.update({c["customerId"]: (c["name"], c.get("segment"), c["version"]) for c in page["items"]})
        if not page.get("next"):
            return found
        cursor = f"&cursor={page['next']}"


def compare_state(port, tenant, expected):
    there = state_of(port, tenant)
    lost, more = sorted(set(expected) - set(there)), sorted(set(there) - set(expected))
    other = [f"{key}: {there[key]} instead of {expected[key]}" for key in expected if key in there and there[key] != expected[key]]
    return ([f"{len(lost)} customers are lost: {lost[:3]}"] if lost else []) + \
           ([f"{len(more)} customers too many: {more[:3]}"] if more else []) + other[:3]


def compare_events(port, tenant, kind, expected):
    """Exactly one event of the kind for each; numbered a little after the commit on PostgreSQL."""
    patience = Patience(15)
    while True:
        told = sorted(e["aggregateId"] for e in read_feed(port, tenant=tenant) if e["eventType"] == kind)
        if told == sorted(expected) or patience.is_over():
            break
    return [] if told == sorted(expected) else [f"{len(told)} {kind} of {len(set(told))} customers for {len(expected)} customers"]


def compare_report(port, tenant, job):
    rows = [json.loads(line)["row"] for line in get(port, f"/jobs/{job}/errors", "application/x-ndjson", tenant)[1].splitlines()]
    expected = [row + 2 for row in range(RESUME_ROWS) if row % 100 == 50]
    return [] if rows == expected else [f"the report has {len(rows)} rows, {len(set(rows))} of them different, for {len(expected)}"]


def killed_until_done(chance, command, again, slowest):
    """Runs a command and kills it, again and again, until it comes to its end; the id of its job."""
    begun = False
    for attempt in range(200):
        process = subprocess.Popen(again if begun else command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        begun = True
        try:
            out, err = process.communicate(timeout=chance.uniform(0.005, slowest) if attempt < 8 else 60)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            continue
        if process.returncode in (0, 3):
            return json.loads(out)["jobId"]
        if "no such job" in err:  # it was killed before there was one
            begun = False
            continue
        if "came in between too often" in err:  # the database has not yet given up what was killed
            time.sleep(1)
            continue
        ended = re.search(r"job (JOB-\w+) has ended: DONE|undone already, by job (JOB-\w+)", err)
        if ended:  # it was killed between its end and telling so
            return ended.group(1) or ended.group(2)
        raise Mismatch(f"{' '.join(command[1:4])} ended with {process.returncode}: {err[-300:]}")
    raise Mismatch("a command does not come to its end")


def resume_cycle(options, service, url, chance, cycle):
    """An import at the command line, killed again and again, and its undo: nothing twice, nothing lost."""
    tenant = f"resume-{cycle}"
    path = os.path.join(tempfile.gettempdir(), f"customer360-fault-{os.getpid()}.csv")
    write_import(path)
    shared = ["--tenant", tenant, "--store", url, "--json", *key_flags(url)]
    again = [options.binary, "import", path, "--resume", "last", *shared]
    command = [options.binary, "import", path, "--source", "erp", "--key-column", "ID", "--jobs-batch", "100", *shared]
    service.stop()
    job = killed_until_done(chance, command, again + ["--jobs-batch", "70"], 0.4)
    os.remove(path)
    service.start()
    expected = expected_import()
    found = compare_state(service.port, tenant, expected) + compare_report(service.port, tenant, job)
    found += compare_events(service.port, tenant, "CustomerProfileCreatedEvent", expected)
    service.stop()
    undo = [options.binary, "import", "--undo", job, *shared]
    killed_until_done(chance, undo, undo, 0.3)
    service.start()
    found += compare_state(service.port, tenant, {})
    return found + compare_events(service.port, tenant, "CustomerProfileRemovedEvent", expected)


def resume_http_cycle(options, service, url, chance, cycle):
    """The same as a job of the service, which is killed; the next start goes on by itself."""
    tenant = f"job-{cycle}"
    path = os.path.join(tempfile.gettempdir(), f"customer360-fault-{os.getpid()}.csv")
    write_import(path)
    with open(path, encoding="utf-8") as file:
        job = post(service.port, tenant, "/imports?source=erp&keyColumn=ID", file.read(), "text/csv")["jobId"]
    os.remove(path)
    kill_until_ended(service, chance, tenant, job)
    expected = expected_import()
    found = compare_state(service.port, tenant, expected) + compare_report(service.port, tenant, job)
    undo = post(service.port, tenant, f"/imports/{job}/undo", "", "application/json")["jobId"]
    kill_until_ended(service, chance, tenant, undo)
    found += compare_state(service.port, tenant, {})
    return found + compare_events(service.port, tenant, "CustomerProfileRemovedEvent", expected)


def post(port, tenant, path, body, content):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    connection.request("POST", API + path, body.encode(), {"X-Tenant-ID": tenant, "Content-Type": content})
    response = connection.getresponse()
    answer = json.loads(response.read())
    if response.status != 202:
        raise Mismatch(f"POST {path} answers {response.status}: {answer}")
    return answer


def kill_until_ended(service, chance, tenant, job):
    for _ in range(chance.randint(1, 4)):
        time.sleep(chance.uniform(0.0, 0.25))
        service.stop(signal.SIGKILL)
        service.start()
    patience = Patience(60)
    while (state := json.loads(get(service.port, f"/jobs/{job}", tenant=tenant)[1]))["state"] != "DONE":
        if state["state"] not in ("QUEUED", "RUNNING") or patience.is_over():
            raise Mismatch(f"the job is not done: {state}")


class Run:
    """The store that all cycles share, and what is known of it."""

    def __init__(self, options):
        self.options, self.chance = options, random.Random(options.seed)
        self.stores = Stores(options.store, options.binary)
        self.url = self.stores.new()
        # A job of an instance that was killed is taken again when its lease is over.
        self.service = serve(options.binary, self.url, ["--jobs-lease", "1s"])
        self.worlds = [World() for _ in range(CLIENTS)]
        self.feed, self.retired, self.acknowledged = [], set(), 0
        self.points = [p for p in POINTS if p.startswith((options.store, "http"))]
        others = ["random", "import", "resume", "job"] + (["server", "cut"] if options.store == "postgres" else [])
        self.kinds = options.only.split(",") if options.only else others + ["point"] * len(self.points)
        self.first = [kind for kind in self.kinds if kind != "point"] + ([f"point {p}" for p in self.points] if "point" in self.kinds else [])
        self.chance.shuffle(self.first)
        self.died_at = set()

    def next_kind(self):
        """Each once, then any."""
        kind = self.first.pop() if self.first else self.chance.choice(self.kinds)
        if kind == "point":
            kind = f"point {self.chance.choice(self.points)}"
        return f"{kind}:{self.chance.randint(2, PASSES)}" if kind.startswith("point") else kind

    def start_to_die(self, point):
        """An instance has work of its own, which may come to the point before the instance is ready."""
        os.environ["FAULT_AT"] = point
        try:
            self.service.start()
        except Mismatch:
            if self.service.process.poll() != -signal.SIGKILL:
                raise
        finally:
            del os.environ["FAULT_AT"]

    def kill_cycle(self, cycle, kind):
        if kind.startswith("point"):
            self.service.stop()
            self.start_to_die(kind.split()[1])
        clients, died = one_cycle(self.service, self.stores, self.worlds, self.chance, self.options.seed + cycle, kind.split()[0])
        if self.service.process.poll() is not None:
            self.service.start()
        else:
            self.service.wait_ready()
        violations = self.note_point(kind, died)
        keyed, wrong = retry_keyed(self.service.port, clients)
        self.retired |= keyed
        violations += wrong + verify(self.service, self.worlds, self.feed, self.retired)
        violations += check_created_once(keyed, self.feed)
        self.acknowledged += sum(client.acknowledged for client in clients)
        self.retired.update(*(world.abandon() if violations else world.forget(LOOKED_AT) for world in self.worlds))
        return violations + [problem for client in clients for problem in client.problems]

    def note_point(self, kind, died):
        if not kind.startswith("point"):
            return []
        point = kind.split()[1]
        if died:
            self.died_at.add(point.split(":")[0])
        return [] if died else [f"{point} was not passed"]

    def cycle(self, cycle):
        """(what was done, what was violated)"""
        kind = self.next_kind()
        if kind in IMPORT_CYCLES:
            return kind, IMPORT_CYCLES[kind](self.options, self.service, self.url, self.chance, cycle)
        return kind, self.kill_cycle(cycle, kind)

    def at_the_end(self, cycles):
        """What is wrong with the run as a whole."""
        found = []
        if [e["eventId"] for e in read_feed(self.service.port)] != [e["eventId"] for e in self.feed]:
            found.append("the feed does not read the same from the start as it was read piece by piece")
        never = sorted(set(self.points) - self.died_at)
        if "point" in self.kinds and cycles >= len(set(self.kinds)) + len(self.points) and never:
            found.append(f"the service never died at {never}")
        return found

    def close(self):
        self.service.stop(signal.SIGKILL)
        self.stores.close()


IMPORT_CYCLES = {"import": import_cycle, "resume": resume_cycle, "job": resume_http_cycle}


def run(options):
    wrong = mistaken(options.binary, POINTS, ("sqlite", "postgres", "http"))
    if wrong:
        print("not ok - the points are those of the program\n  " + "\n  ".join(wrong))
        return False
    state, failed, cycle, begun = Run(options), 0, 0, time.monotonic()
    try:
        while cycle < options.cycles and not 0 < options.minutes * 60 < time.monotonic() - begun:
            cycle += 1
            kind, violations = state.cycle(cycle)
            if violations:
                failed += 1
                print(f"not ok - cycle {cycle} ({kind}, seed {options.seed})")
                print("\n".join(f"  {v}" for v in violations[:10]), flush=True)
            if cycle % 20 == 0:
                print(f"# {cycle} of {options.cycles} cycles, {state.acknowledged} changes acknowledged", flush=True)
        for violation in state.at_the_end(cycle):
            failed += 1
            print(f"not ok - {violation}")
    finally:
        state.close()
    if not failed:
        print(f"ok - {cycle} kills lose and double nothing ({options.store}, {state.acknowledged} changes acknowledged)")
    return failed == 0


def a_good_history():
    """(world, looks at it, feed): one customer, created, changed, with a consent, another merged into it."""
    world, seen = World(), Seen()
    for operation in (create("A"), create("B"), set_value("A", "S1"), put_consent("A", "F1", "GRANTED"), merge("A", "B")):
        world.carry_out(operation)
    record = {"recordId": "R", "customerId": "A", "status": "GRANTED", "evidence": {"form": "F1"}}
    world.versions["A"], world.records["R"], world.merges["B"] = 2, dict(record), "M"
    seen.add("A", 200, {"version": 4, "preferences": {"A": "S1"}}, (), [record])
    seen.add("B", 307, {"survivorId": "A", "mergeId": "M"})
    feed = []
    for customer_id, events in world.events.items():
        for kind, other in events:
            feed.append({"eventId": f"e{len(feed)}", "position": len(feed) + 1, "eventType": kind, "aggregateId": customer_id,
                         "payload": {"sourceCustomerId": other}})
    return world, seen, feed


def spoiled():
    """(what is seen, how a good history is spoiled so), by name."""
    another = {"recordId": "R2", "customerId": "A", "status": "REVOKED", "evidence": {"form": "F2"}, "propagatedFrom": "R"}
    return [
        ("a lost customer", lambda world, seen, feed: seen.add("A", 404, {})),
        ("a lost change", lambda world, seen, feed: seen.customers["A"].update(values={})),
        ("an older version", lambda world, seen, feed: seen.versions.update(A=1)),
        ("a lost event", lambda world, seen, feed: feed.pop(1)),
        ("a doubled event", lambda world, seen, feed: feed.append(dict(feed[-1], position=9))),
        ("an event that came twice", lambda world, seen, feed: feed.append(dict(feed[1], position=9, eventId="e9"))),
        ("an event of nobody", lambda world, seen, feed: feed.append(dict(feed[0], position=9, eventId="e9", aggregateId="C"))),
        ("positions that go back", lambda world, seen, feed: feed[0].update(position=9)),
        ("events in another order", lambda world, seen, feed: (feed[1].update(eventType=feed[2]["eventType"]),
                                                                feed[2].update(eventType="CustomerProfileUpdatedEvent"))),
        ("a merge that is gone", lambda world, seen, feed: seen.add("B", 200, {"version": 2})),
        ("another merge", lambda world, seen, feed: seen.merges.update(B="M2")),
        ("a lost consent record with its event", lambda world, seen, feed: (seen.add("A", 200, {"version": 4, "preferences": {"A": "S1"}}), feed.pop(2))),
        ("a consent record of another time", lambda world, seen, feed: seen.records["R"].update(capturedAt="2026-01-01T00:00:00Z")),
        ("a revocation that nobody gave", lambda world, seen, feed: seen.add("A", 200, {"version": 4, "preferences": {"A": "S1"}}, (),
                                                                            [seen.records["R"], another])),
        ("a contact that nobody gave", lambda world, seen, feed: seen.customers["A"].update(contacts={"P": "X"})),
        ("a relationship that nobody gave", lambda world, seen, feed: seen.customers["A"].update(relations={"R": "X"})),
        ("half of a change without an answer", lambda world, seen, feed: (
            setattr(world, "pending", put_consent("A", "F2", "REVOKED")),
            seen.add("A", 200, {"version": 5, "preferences": {"A": "S1"}}, (), [seen.records["R"], dict(another, recordId="R3")]))),
    ]


def self_test():
    """Each kind of violation is found, and a good history is not blamed."""
    good = True

    def tell(name, right, found=""):
        print(f"{'ok' if right else 'not ok'} - the checker sees {name}" + ("" if right else f": {found}"))
        return right

    for name, spoil in [("a good history", lambda *_: None), *spoiled()]:
        world, seen, feed = a_good_history()
        spoil(world, seen, feed)
        found = check([world], [seen], feed)
        good = tell(name, bool(found) == (name != "a good history"), found) and good
    world, seen, feed = a_good_history()
    world.pending = set_value("A", "S2")
    good = tell("a change without an answer that was not made", not check([world], [seen], feed)) and good
    world.pending = set_value("A", "S2")
    seen.customers["A"]["values"] = {"A": "S2"}
    feed.append(dict(feed[1], eventId="e9", position=9))
    good = tell("a change without an answer that was made", not check([world], [seen], feed)) and good
    for name, events, bad in (("a keyed create that is there once", feed, False),
                              ("a keyed create that is there twice", feed + [dict(feed[0], eventId="e8")], True)):
        good = tell(name, bool(check_created_once({"A"}, events)) == bad) and good
    return good


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--store", choices=("sqlite", "postgres"), default="sqlite")
    parser.add_argument("--cycles", type=int, default=200)
    parser.add_argument("--minutes", type=float, default=0, help="no cycle begins later; 0: without end")
    parser.add_argument("--seed", type=int, default=int(time.time()) % 100000)
    parser.add_argument("--binary", default=os.path.join(ROOT, "build", "fault", "customer360"))
    parser.add_argument("--only", default="", help="cycles of these kinds alone: resume,job")
    parser.add_argument("--self-test", action="store_true")
    options = parser.parse_args()
    try:
        good = self_test() if options.self_test else run(options)
    except Mismatch as problem:
        print(f"not ok - fault run ({options.store}, seed {options.seed})\n  {problem}")
        good = False
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
