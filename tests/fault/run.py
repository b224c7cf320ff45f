#!/usr/bin/python3
"""Kills what can be killed while customers are written, and checks what is there afterwards.

    tests/fault/run.py [--store sqlite|postgres] [--cycles 200] [--seed N] [--only resume,job] [--binary build/fault/customer360]

A cycle: start the service on the store of the cycle before, let eight clients create, change, merge,
unmerge and record consent, kill -9 the service (at a random moment, or at a named point of its code; on
PostgreSQL also the server itself, or cut the connections), start again, check:

  durable     every acknowledged change is there
  atomic      nothing is half done: what a change did not acknowledge is there wholly or not at all
  exact feed  the feed has one event for each change that is there, none for others, in order per customer
  once        a create that is asked for again with its Idempotency-Key is there once, answered or not

An import and its undo are killed again and again, at the command line (resume) and as a job of the service (job), and
go on until they are done: the state is that of an undisturbed import, each customer, event and line of the report is
there once, and after the undo nothing is.

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
sys.path.insert(0, os.path.join(ROOT, "tests", "scenario"))
sys.path.insert(0, os.path.join(ROOT, "tests"))
from run import Mismatch, Service, Stores, key_flags  # noqa: E402  (tests/scenario/run.py)

API = "/api/v1/crm"
CLIENTS = 8
POINTS = ("sqlite.after_begin", "sqlite.in_body", "sqlite.before_commit", "sqlite.after_commit",
          "sqlite.before_acknowledge", "postgres.before_commit", "postgres.after_commit_sent",
          "postgres.after_commit", "http.before_answer")


class Patience:
    """Over when something was asked for in vain for so long. It is counted in tries: a time in which this program
    itself did not run, on a machine that has much else to do, is one of them."""

    def __init__(self, seconds):
        self.tries = int(seconds / 0.05)

    def is_over(self):
        self.tries -= 1
        time.sleep(0.05)
        return self.tries < 0


class Customer:
    """What is known of one customer from the answers: what must be there, and what may be."""

    def __init__(self, customer_id):
        self.id = customer_id
        self.exists = "no"      # no | yes | maybe
        self.version = 0        # last acknowledged
        self.value = None       # last acknowledged
        self.pending = None     # value of a change without an answer
        self.merge_id = None    # merged into its partner, acknowledged
        self.pending_merge = False
        self.consents = 0       # acknowledged
        self.pending_consent = False


class Client(threading.Thread):
    """Works on customers of its own, one request at a time, until it cannot connect any more."""

    def __init__(self, port, name, seed, customers, stop):
        super().__init__(daemon=True)
        self.port, self.prefix, self.random = port, name, random.Random(seed)
        self.customers, self.stop_event = customers, stop
        self.problems = []
        self.keyed = {}  # Idempotency-Key -> customerId, or None without an answer
        self.connection = None
        self.acknowledged = 0

    def call(self, method, path, body=None, key=None):
        """The answer, or None when there was none and the outcome is not known."""
        if self.connection is None:
            self.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        headers = {"X-Tenant-ID": "fault", "Content-Type": "application/json"}
        if key:
            headers["Idempotency-Key"] = key
        try:
            self.connection.request(method, API + path, json.dumps(body) if body is not None else None, headers)
            response = self.connection.getresponse()
            answer = json.loads(response.read() or b"{}")
        except (OSError, http.client.HTTPException, ValueError):
            self.connection.close()
            self.connection = None
            return None
        if response.status >= 500:
            # 503 SERVICE_UNAVAILABLE, SERVICE_OVERLOADED and WRITE_CONFLICT promise that nothing happened; the rest is open.
            return "refused" if answer.get("error") in ("SERVICE_UNAVAILABLE", "SERVICE_OVERLOADED", "WRITE_CONFLICT", "STORE_FULL") else None
        answer["status_code"] = response.status
        return answer

    def create(self):
        customer = Customer(f"{self.prefix}-{len(self.customers)}-{self.random.getrandbits(32):08x}")
        self.customers.append(customer)
        customer.exists = "maybe"
        answer = self.call("POST", "/customers", {"customerId": customer.id, "name": f"Customer {customer.id}"})
        if answer == "refused":
            customer.exists = "no"
        elif answer and answer["status_code"] == 201:
            customer.exists, customer.version = "yes", answer["version"]
        elif answer:
            self.problems.append(f"create answered {answer}")
        return answer

    def create_keyed(self):
        """The service gives the id, so that only the key says which customer it is."""
        key = f"{self.prefix}-{len(self.keyed)}-{self.random.getrandbits(32):08x}"
        self.keyed[key] = None
        answer = self.call("POST", "/customers", {"name": f"Keyed {key}"}, key)
        if answer and answer != "refused":
            self.keyed[key] = answer.get("customerId")
            if answer["status_code"] != 201:
                self.problems.append(f"keyed create answered {answer}")
        return answer

    def change(self, customer):
        customer.pending = f"S{self.random.getrandbits(32):08x}"
        # A key of its own, so that a merge brings nothing into the way.
        answer = self.call("PATCH", f"/customers/{customer.id}", {"preferences": {customer.id: customer.pending}})
        if answer == "refused":
            customer.pending = None
        elif answer and answer["status_code"] == 200:
            customer.version, customer.value, customer.pending = answer["version"], customer.pending, None
        elif answer:
            self.problems.append(f"change of {customer.id} answered {answer}")
        return answer

    def merge(self, target, source):
        source.pending_merge = True
        answer = self.call("POST", f"/customers/{target.id}/merge", {"sourceCustomerId": source.id})
        if answer == "refused":
            source.pending_merge = False
        elif answer and answer["status_code"] == 200:
            source.merge_id, source.pending_merge = answer["mergeId"], False
        elif answer:
            self.problems.append(f"merge of {source.id} answered {answer}")
        return answer

    def consent(self, customer):
        customer.pending_consent = True
        answer = self.call("POST", f"/customers/{customer.id}/consent", {"type": "EMAIL", "status": "GRANTED"})
        if answer == "refused":
            customer.pending_consent = False
        elif answer and answer["status_code"] == 201:
            customer.consents += 1
            customer.pending_consent = False
        elif answer:
            self.problems.append(f"consent of {customer.id} answered {answer}")
        return answer

    def usable(self):
        return [c for c in self.customers
                if c.exists == "yes" and not c.merge_id and not c.pending_merge and c.pending is None and not c.pending_consent]

    def run(self):
        while not self.stop_event.is_set():
            free, dice = self.usable(), self.random.random()
            if len(free) < 3 or dice < 0.25:
                answer = self.create()
            elif dice < 0.4:
                answer = self.create_keyed()
            elif dice < 0.7:
                answer = self.change(self.random.choice(free))
            elif dice < 0.85:
                answer = self.consent(self.random.choice(free))
            else:
                target, source = self.random.sample(free, 2)
                answer = self.merge(target, source)
            if answer is None:
                return
            if answer == "refused":
                time.sleep(0.05)
            else:
                self.acknowledged += 1


def read_customer(port, customer_id):
    status, text = get(port, f"/customers/{customer_id}")
    return status, json.loads(text or "{}")


def get(port, path, accept="application/json", tenant="fault"):
    """(status, text); a 503 is asked again, for it says that nothing was answered."""
    patience = Patience(20)
    while True:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
        connection.request("GET", API + path, headers={"X-Tenant-ID": tenant, "Accept": accept})
        response = connection.getresponse()
        text = response.read().decode()
        connection.close()
        if response.status != 503:
            return response.status, text
        if patience.is_over():
            raise Mismatch(f"GET {path} answers 503 for 20 s: {text}")


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


def check(customers, rows, feed, retired=frozenset()):
    """Compares what was acknowledged with what is there: a list of violations.

    rows: id -> (status, body) as read; feed: the events in order; retired: ids no longer looked at."""
    found, by_customer, seen, last_position = [], {}, set(), 0
    for event in feed:
        if event["eventId"] in seen:
            found.append(f"event {event['eventId']} is in the feed twice")
        seen.add(event["eventId"])
        if event["position"] <= last_position:
            found.append(f"position {event['position']} after {last_position}")
        last_position = event["position"]
        key = event["payload"].get("sourceCustomerId") or event["aggregateId"]
        by_customer.setdefault(key, []).append(event["eventType"])
    for customer in customers:
        status, body = rows[customer.id]
        events = by_customer.pop(customer.id, [])
        found += check_customer(customer, status, body, events)
    unknown = sorted(set(by_customer) - retired)
    if unknown:
        found.append(f"events of customers that nobody made: {unknown[:5]}")
    return found


def check_customer(customer, status, body, events):
    found, there = [], status in (200, 307)
    if customer.exists == "yes" and not there:
        return [f"{customer.id}: acknowledged and gone ({status})"]
    if not there:
        return [f"{customer.id}: not there, but has events {events}"] if events else []
    if customer.exists == "no":
        return [f"{customer.id}: refused and yet there"]
    if events[:1] != ["CustomerProfileCreatedEvent"] or events.count("CustomerProfileCreatedEvent") != 1:
        found.append(f"{customer.id}: is there, its events are {events}")
    merges = events.count("CustomerMergedEvent")
    if (status == 307) != (merges == 1):
        found.append(f"{customer.id}: status {status} with {merges} merge events")
    if customer.merge_id and status != 307:
        found.append(f"{customer.id}: its merge was acknowledged and is gone")
    if status == 307 and not (customer.merge_id or customer.pending_merge):
        found.append(f"{customer.id}: merged, and nobody asked for it")
    if status == 307:
        return found
    value = body.get("preferences", {}).get(customer.id)
    if value not in ([customer.value, customer.pending] if customer.pending else [customer.value]):
        found.append(f"{customer.id}: its value is {value}, acknowledged {customer.value}, open {customer.pending}")
    if body["version"] < customer.version:
        found.append(f"{customer.id}: version {body['version']} after {customer.version} was acknowledged")
    consents = events.count("ConsentUpdatedEvent")
    if not customer.consents <= consents <= customer.consents + customer.pending_consent:
        found.append(f"{customer.id}: {consents} consent events, {customer.consents} acknowledged")
    return found


def settle(customers, rows, feed):
    """What was open is known now: the next cycle starts from what is there."""
    consents = {}
    for event in feed:
        if event["eventType"] == "ConsentUpdatedEvent":
            consents[event["aggregateId"]] = consents.get(event["aggregateId"], 0) + 1
    for customer in customers:
        status, body = rows[customer.id]
        customer.exists = "yes" if status in (200, 307) else "no"
        if status == 307:
            customer.merge_id = body["mergeId"]
        elif status == 200:
            customer.value, customer.version = body.get("preferences", {}).get(customer.id), body["version"]
        customer.consents = consents.get(customer.id, customer.consents)
        customer.pending, customer.pending_merge, customer.pending_consent = None, False, False


def one_cycle(service, stores, customers, chance, seed, kind):
    stop = threading.Event()
    clients = [Client(service.port, f"F{seed}-{index}", seed * 100 + index, customers[index], stop)
               for index in range(CLIENTS)]
    for client in clients:
        client.start()
    if kind == "point":
        wait_for_end(service, 1.5)
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
    return clients


def wait_for_end(service, seconds):
    """The named point may not be passed at all: then the process is killed where it is."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and service.process.poll() is None:
        time.sleep(0.01)


def verify(service, customers, feed, retired):
    """Extends `feed` by what is new and checks all that is not retired."""
    everyone = [c for own in customers for c in own]
    rows = {c.id: read_customer(service.port, c.id) for c in everyone}
    # On PostgreSQL positions are given shortly after the commit, by a sequencer that may have to connect
    # again first.
    patience = Patience(15)
    while True:
        feed += read_feed(service.port, feed[-1]["position"] if feed else 0)
        violations = check(everyone, rows, feed, retired)
        if not violations or patience.is_over():
            break
    settle(everyone, rows, feed)
    return violations


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
        self.service = Service(options.binary, self.url, ["--jobs-lease", "1s"])
        self.customers = [[] for _ in range(CLIENTS)]
        self.feed, self.retired, self.acknowledged = [], set(), 0
        self.points = [p for p in POINTS if p.startswith((options.store, "http"))]
        self.kinds = ["random", "random", "point", "import", "resume", "job"]
        self.kinds += ["server", "cut"] if options.store == "postgres" else []
        if options.only:
            self.kinds = options.only.split(",")

    def start_to_die(self, point):
        """An instance has work of its own, which may come to the point before the instance is ready."""
        os.environ["FAULT_AT"] = point
        try:
            self.service.start()
        except Mismatch:
            if self.service.process.poll() != -signal.SIGKILL:
                raise

    def kill_cycle(self, cycle, kind):
        if kind.startswith("point"):
            self.service.stop()
            self.start_to_die(kind.split()[1])
        clients = one_cycle(self.service, self.stores, self.customers, self.chance, self.options.seed + cycle, kind.split()[0])
        os.environ.pop("FAULT_AT", None)
        if self.service.process.poll() is not None:
            self.service.start()
        else:
            self.service.wait_ready()
        keyed, violations = retry_keyed(self.service.port, clients)
        self.retired |= keyed
        violations += verify(self.service, self.customers, self.feed, self.retired)
        violations += check_created_once(keyed, self.feed)
        self.acknowledged += sum(client.acknowledged for client in clients)
        # A customer that has been through some kills teaches nothing new.
        self.retired.update(c.id for own in self.customers for c in own[:-10])
        self.customers = [own[-10:] for own in self.customers]
        return violations + [problem for client in clients for problem in client.problems]

    def cycle(self, cycle):
        """(what was done, what was violated)"""
        kind = self.chance.choice(self.kinds)
        if kind in IMPORT_CYCLES:
            return kind, IMPORT_CYCLES[kind](self.options, self.service, self.url, self.chance, cycle)
        if kind == "point":
            kind = f"point {self.chance.choice(self.points)}:{self.chance.randint(2, 60)}"
        return kind, self.kill_cycle(cycle, kind)

    def close(self):
        self.service.stop(signal.SIGKILL)
        self.stores.close()


IMPORT_CYCLES = {"import": import_cycle, "resume": resume_cycle, "job": resume_http_cycle}


def run(options):
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
        if [e["eventId"] for e in read_feed(state.service.port)] != [e["eventId"] for e in state.feed]:
            failed += 1
            print("not ok - the feed reads the same from the start as it was read piece by piece")
    finally:
        state.close()
    if not failed:
        print(f"ok - {cycle} kills lose and double nothing ({options.store}, {state.acknowledged} changes acknowledged)")
    return failed == 0


def self_test():
    """Each kind of violation is found, and a good history is not blamed."""
    def event(number, customer, kind="CustomerProfileCreatedEvent", **payload):
        return {"eventId": f"e{number}", "position": number, "eventType": kind, "aggregateId": customer, "payload": payload}

    customer = Customer("A")
    customer.exists, customer.version, customer.value, customer.consents = "yes", 2, "S1", 1
    row = (200, {"version": 3, "preferences": {"A": "S1"}})
    feed = [event(1, "A"), event(2, "A", "ConsentUpdatedEvent")]
    cases = [
        ("a good history", row, feed, False),
        ("a lost customer", (404, {}), feed, True),
        ("a lost change", (200, {"version": 1, "preferences": {}}), feed, True),
        ("a lost event", row, feed[:1], True),
        ("a doubled event", row, feed + [dict(feed[1], position=3)], True),
        ("an event of nobody", row, feed + [event(3, "B")], True),
        ("positions that go back", row, [event(2, "A"), event(1, "A", "ConsentUpdatedEvent")], True),
        ("a merge without its event", (307, {"mergeId": "M"}), feed, True),
    ]
    good = True
    for name, answer, events, bad in cases:
        found = check([customer], {"A": answer}, events)
        right = bool(found) == bad
        good = good and right
        print(f"{'ok' if right else 'not ok'} - the checker sees {name}" + ("" if right else f": {found}"))
    for name, events, bad in (("a keyed create that is there once", feed, False),
                              ("a keyed create that is there twice", feed + [event(3, "A")], True)):
        right = bool(check_created_once({"A"}, events)) == bad
        good = good and right
        print(f"{'ok' if right else 'not ok'} - the checker sees {name}")
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
