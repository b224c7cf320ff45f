#!/usr/bin/python3
"""Reaches every answer that /openapi.json declares, over HTTP, and no other.

    tests/scenario/codes.py [--store sqlite|postgres] [--binary build/customer360]

What any route may answer is made from the description itself: a new route is tried without being named
here. What belongs to a resource is a row of CASES. A pair of status and code that is declared and was not
reached fails, and so does an answer that is not declared. Failures of the store cannot be brought about
from outside: src/adapters/api/failures_test.c shows them on every route. That a key is under way is reached where a
request can be held on to, at uploads, and that memory runs out where a request can ask for much, with a body. Prints TAP.
"""
import argparse
import collections
import http.client
import json
import os
import socket
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from description import Description, code_of  # noqa: E402
from servers.kept import ROOT  # noqa: E402
from servers.service import API, Mismatch  # noqa: E402
from servers.stores import Stores, serve  # noqa: E402

OF_THE_STORE = {"INTERNAL_ERROR", "SERVICE_UNAVAILABLE", "SERVICE_OVERLOADED", "OUTCOME_UNKNOWN", "WRITE_CONFLICT",
                "STORE_FULL", "STORE_READ_ONLY", "SCHEMA_MISMATCH"}
LIMITS = ["--limits-contacts-max", "3", "--limits-facts-max", "100", "--limits-homes-max", "2",
          "--limits-relationships-max", "2", "--limits-lookup-max", "2", "--limits-checks-max", "2",
          "--limits-webhooks-max", "3", "--webhooks-internal-networks", "127.0.0.0/8", "--webhooks-plain-http",
          "--http-body-max", "64K", "--http-upload-max", "64K"]
TENANT = {"X-Tenant-ID": "codes", "X-User-Id": "codes", "X-User-Permissions": "*"}
DEEP = "[" * 200 + "]" * 200
NONE = object()  # a request without body


class Api:
    """An instance, what it declares, and what it was seen to answer."""

    def __init__(self, service):
        self.service, self.headers = service, dict(TENANT)
        self.description = Description(self.ask("GET", "/openapi.json", check=False)[1])
        self.reached = collections.defaultdict(set)
        self.wrong = []

    def ask(self, method, target, body=None, check=True, **headers):
        """(status, JSON or text, headers); a body that is no text is sent as JSON."""
        connection = http.client.HTTPConnection("127.0.0.1", self.service.port, timeout=30)
        sent = {**self.headers, **{name.replace("_", "-"): value for name, value in headers.items()}}
        if body is not None and not isinstance(body, str):
            body = json.dumps(body)
        if body is not None:
            sent.setdefault("Content-Type", "application/json")
        connection.request(method, target, body, sent)
        answer = connection.getresponse()
        text = answer.read().decode()
        connection.close()
        try:
            value = json.loads(text)
        except ValueError:
            value = text
        if check:
            self.note(method, target, answer.status, answer.headers, value)
        return answer.status, value, answer.headers

    def note(self, method, target, status, headers, value):
        operation = self.description.find(method, target)
        code = code_of(status, value)
        problem = (self.description.undeclared(method, target, status, code) or
                   self.description.misshapen(method, target, status, headers, value))
        if problem:
            self.wrong.append(f"{problem} ({method} {target})")
        elif operation:
            self.reached[operation.name].add((status, code))

    def make(self, target, body, **headers):
        """What was made; a mistake of this file when it was not."""
        status, value, _ = self.ask("POST", API + target, body, **headers)
        if status not in (200, 201, 202):
            raise Mismatch(f"POST {target}: {status} {value}")
        return value


def valid_body(operation):
    body = BODIES.get(operation.name)
    if operation.content == "text/csv":
        return "name\nAcme\n", {"Content-Type": "text/csv"}
    return (body if body is not None else {} if operation.content else None), {}


def try_what_any_route_answers(api, operation):
    """Identity, query, Accept, preconditions, media types, bodies: dispatch knows no resource."""
    target, (body, headers) = operation.target(), valid_body(operation)

    def ask(path=target, sent=body, **more):
        api.ask(operation.method, path, sent, **{**headers, **more})
    if not operation.public:
        ask(X_Tenant_ID="")
        ask(X_User_Permissions="nothing:at-all")
    ask(target + "?nonsense=1")
    ask(target + "?nonsense=%zz")
    if operation.query:
        ask(target + "?" + "&".join([operation.query[0] + "=1"] * 2))
    ask(Accept="application/x-nothing")
    if operation.method != "GET":
        ask(If_Match="nonsense")
    if operation.method != "GET":
        ask(Idempotency_Key="two words")
    if operation.content is None:
        ask(sent="{}")
        return
    ask(Content_Type="text/nonsense")
    ask(sent=" " * 70000)
    if operation.content != "text/csv":
        for wrong in ("{", '{"name":"a","name":"b"}', DEEP, "[]", {"nonsense": 1}):
            ask(sent=wrong)


def try_rate_limit(api, operation):
    body, headers = valid_body(operation)
    for _ in range(20):
        if api.ask(operation.method, operation.target(), body, **headers)[0] == 429:
            return


def run_out_of_memory(api, operation):
    """Of an instance that gives a request little: a body of many small values needs more than its bytes."""
    if operation.content and operation.content != "text/csv":
        api.ask(operation.method, operation.target(), {"name": [0] * 30000})


def ask_while_it_is_under_way(api, operation):
    """An upload is held back behind its head; when the service asks for it, its key is taken."""
    if operation.content != "text/csv":
        return
    body, headers = valid_body(operation)
    key = {"Idempotency-Key": f"slow-{operation.name}"}
    head = "".join(f"{name}: {value}\r\n" for name, value in {**TENANT, **headers, **key, "Host": "codes", "Content-Length": len(body),
                                                              "Expect": "100-continue", "Connection": "close"}.items())
    with socket.create_connection(("127.0.0.1", api.service.port), 60) as slow:
        slow.sendall(f"POST {operation.target()} HTTP/1.1\r\n{head}\r\n".encode())
        if not slow.recv(1000).startswith(b"HTTP/1.1 100"):
            raise Mismatch(f"{operation.name} does not ask for its body")
        api.ask(operation.method, operation.target(), body, **headers, **key)
        slow.sendall(body.encode())
        answer = b"".join(iter(lambda: slow.recv(65536), b""))
        if not answer.startswith(b"HTTP/1.1 20"):
            raise Mismatch(f"{operation.name} that was under way is answered {answer[:300]}")


class World:
    """The customers that CASES speak of, made anew for each case that changes them."""

    def __init__(self, api):
        self.api, self.count = api, 0
        self.here = self.customer()
        self.rich = self.customer(contacts=[{"contactId": "CONT-1", "name": "Jane Doe", "email": "jane@rich.example"}])
        self.full = self.customer()
        for number in range(99):
            api.ask("PATCH", f"{API}/customers/{self.full}", {"website": f"https://{number}.example"})
        self.erased, self.erased_merge = self.reversed_merge(reverse=False)
        api.make("/privacy/erasures", {"customerId": self.erased})
        self.merged, self.survivor = self.customer(), self.customer()
        self.merge = api.make(f"/customers/{self.survivor}/merge", {"sourceCustomerId": self.merged})["mergeId"]
        self.related, other, third = self.customer(), self.customer(), self.customer()
        for child in (other, third):
            relationship = api.make(f"/customers/{self.related}/relationships", {"type": "PARENT_OF", "customerId": child})
        self.child, self.relationship = third, relationship["relationshipId"]
        self.record = api.make(f"/customers/{self.here}/consent", {"type": "EMAIL", "status": "GRANTED"})["recordId"]
        self.job = self.export()
        self.imported = api.make("/imports", '{"name":"Bad","emails":["nonsense"]}\n', Content_Type="application/x-ndjson")["jobId"]
        self.wait(self.imported)
        self.items = [self.suspects() for _ in range(6)]
        self.wait(api.make("/duplicates/scan", {})["jobId"])

    def customer(self, **fields):
        self.count += 1
        return self.api.make("/customers", {"name": f"Customer {self.count}", **fields})["customerId"]

    def export(self):
        """Its result is there until somebody is erased."""
        job = self.api.make("/exports", None)["jobId"]
        self.wait(job)
        return job

    def wait(self, job):
        deadline = time.monotonic() + 20
        while self.api.ask("GET", f"{API}/jobs/{job}")[1]["state"] in ("QUEUED", "RUNNING"):
            if time.monotonic() > deadline:
                raise Mismatch(f"job {job} does not end")
            time.sleep(0.05)

    def suspects(self):
        """Two customers of whom a scan says that they are one."""
        self.count += 1
        body = {"name": f"Twin {self.count}", "emails": [f"twin{self.count}@codes.example"]}
        return [self.api.make("/customers?onDuplicate=allow", body)["customerId"] for _ in range(2)]

    def item(self, number):
        """The item of the review queue about suspects."""
        return self.api.ask("GET", f"{API}/duplicates?customerId={self.items[number][0]}&state=ALL")[1]["items"][0]["duplicateId"]

    def delivery(self, hook):
        """A row of the log of deliveries: of one that fails, for nobody listens there."""
        deadline = time.monotonic() + 20
        self.api.make(f"/webhooks/{hook}/test", None)
        while not (rows := self.api.ask("GET", f"{API}/webhooks/{hook}/deliveries")[1]["items"]):
            if time.monotonic() > deadline:
                raise Mismatch("nothing is delivered")
            time.sleep(0.05)
        return rows[0]["deliveryId"]

    def reversed_merge(self, reverse=True):
        source, target = self.customer(), self.customer()
        merge = self.api.make(f"/customers/{target}/merge", {"sourceCustomerId": source})["mergeId"]
        if reverse:
            self.api.make(f"/customers/{target}/merges/{merge}/reverse", None)
        return target, merge


# A body that each operation takes; an operation without a row gets {}.
BODIES = {
    "changeCustomer": {"segment": "ENTERPRISE"},
    "createCustomer": {"name": "Acme"},
    "lookupCustomers": {"ids": ["CUST-1"]},
    "matchCustomers": {"name": "Acme"},
    "changePreferences": {"theme": "dark"},
    "addContact": {"name": "John Doe"},
    "changeContact": {"phone": "+4930123456"},
    "addRelationship": {"type": "PARTNER_OF", "customerId": "CUST-1"},
    "recordConsent": {"type": "SMS", "status": "GRANTED"},
    "checkConsent": {"checks": [{"customerId": "CUST-1", "type": "EMAIL"}]},
    "addSuppression": {"contactPoint": "info@codes.example"},
    "mergeCustomers": {"sourceCustomerId": "CUST-1"},
    "previewMerge": {"sourceCustomerId": "CUST-1"},
    "resolveDuplicate": {"decision": "NOT_A_DUPLICATE"},
    "eraseCustomer": {"customerId": "CUST-1"},
    "createWebhook": {"url": "https://hooks.example.com/in"},
    "changeWebhook": {"description": "Sales"},
    "replayWebhook": {"after": 0},
}


def cases(world):
    """(operation, places, query, body, headers): NONE is no body, None the valid one."""
    w = world
    many = [{"name": f"Contact {i}"} for i in range(4)]
    check = BODIES["checkConsent"]["checks"]
    yield "getCustomer", [w.here], "", None, {}
    yield "getCustomer", [w.here], "", None, {"If_None_Match": "*"}
    yield "getCustomer", [w.here], "?asOf=nonsense", None, {}
    yield "changeCustomer", [w.here], "", None, {}
    yield "changeCustomer", [w.here], "", None, {"If_Match": '"999"'}
    yield "changeCustomer", [w.here], "", {"preferences": {"preferredChannel": "CALL"}}, {}
    yield "changeCustomer", [w.here], "", {"name": None}, {}
    yield "changeCustomer", [w.here], "", {"status": "nonsense"}, {}
    yield "changeCustomer", [w.here], "", {"nonsense": 1}, {}
    yield "changeCustomer", [w.full], "", None, {}
    yield "createCustomer", [], "", None, {}
    yield "createCustomer", [], "?onDuplicate=nonsense", None, {}
    yield "createCustomer", [], "", {"name": "One", "emails": ["one@codes.example"]}, {}
    yield "createCustomer", [], "", {"name": "One", "emails": ["one@codes.example"]}, {}
    yield "createCustomer", [], "", {"name": "Another", "customerId": w.here}, {}
    yield "createCustomer", [], "", {"name": "Two", "preferences": {"preferredChannel": "EMAIL"}}, {}
    yield "createCustomer", [], "", {}, {}
    yield "createCustomer", [], "", {"name": "Three", "contacts": many}, {}
    yield "createCustomer", [], "", {"name": "Four", "contacts": [{"name": "A", "contactId": "C"}] * 2}, {}
    yield "listCustomers", [], "", None, {}
    yield "listCustomers", [], "?status=nonsense", None, {}
    yield "matchCustomers", [], "", None, {}
    yield "matchCustomers", [], "?limit=nonsense", None, {}
    yield "matchCustomers", [], "", {"name": "Two", "preferences": {"preferredChannel": "EMAIL"}}, {}
    yield "matchCustomers", [], "", {}, {}
    yield "matchCustomers", [], "", {"name": "Three", "contacts": many}, {}
    yield "matchCustomers", [], "", {"name": "Four", "contacts": [{"name": "A", "contactId": "C"}] * 2}, {}
    yield "lookupCustomers", [], "", None, {}
    yield "lookupCustomers", [], "", {}, {}
    yield "lookupCustomers", [], "", {"ids": ["1", "2", "3"]}, {}
    yield "getPreferences", [w.here], "", None, {}
    yield "getPreferences", [w.here], "", None, {"If_None_Match": "*"}
    yield "changePreferences", [w.here], "", None, {}
    yield "changePreferences", [w.here], "", None, {"If_Match": '"999"'}
    yield "changePreferences", [w.here], "", {"preferredChannel": "CALL"}, {}
    yield "changePreferences", [w.here], "", {f"k{i}": "v" for i in range(1000)}, {}
    yield "getProvenance", [w.here], "", None, {}
    yield "listVersions", [w.here], "", None, {}
    for view in ("getTimeline", "listServiceOrders", "getEntitlements", "getCredit"):
        yield view, [w.here], "", None, {}
    yield "listVersions", [w.here], "?cursor=nonsense", None, {}
    yield "listContacts", [w.rich], "", None, {}
    yield "listContacts", [w.rich], "?role=nonsense", None, {}
    yield "addContact", [w.rich], "", None, {}
    yield "addContact", [w.rich], "", None, {"If_Match": '"999"'}
    yield "addContact", [w.rich], "", {"contactId": "CONT-1", "name": "Jane Doe"}, {}
    yield "addContact", [w.rich], "", {"name": "A", "communicationPreference": "CALL"}, {}
    yield "addContact", [w.rich], "", {}, {}
    yield "addContact", [w.rich], "", {"name": "A", "role": "SALES", "roles": ["SALES"]}, {}
    yield "addContact", [w.full], "", None, {}
    yield "getContact", [w.rich, "CONT-1"], "", None, {}
    yield "getContact", [w.rich, "CONT-1"], "", None, {"If_None_Match": "*"}
    yield "getContact", [w.rich, "CONT-9"], "", None, {}
    yield "changeContact", [w.rich, "CONT-1"], "", None, {}
    yield "changeContact", [w.rich, "CONT-1"], "", None, {"If_Match": '"999"'}
    yield "changeContact", [w.rich, "CONT-1"], "", {"communicationPreference": "CALL"}, {}
    yield "changeContact", [w.rich, "CONT-9"], "", None, {}
    yield "changeContact", [w.rich, "CONT-1"], "", {"nonsense": 1}, {}
    yield "changeContact", [w.rich, "CONT-1"], "", {"role": "SALES", "roles": ["SALES"]}, {}
    full = w.customer(contacts=[{"contactId": "CONT-1", "name": "Jane Doe"}])
    for number in range(98):
        w.api.ask("PATCH", f"{API}/customers/{full}", {"website": f"https://{number}.example"})
    yield "changeContact", [full, "CONT-1"], "", None, {}
    yield "removeContact", [w.rich, "CONT-9"], "", None, {}
    yield "removeContact", [w.rich, "CONT-1"], "", None, {"If_Match": '"999"'}
    yield "removeContact", [w.rich, "CONT-1"], "", None, {}
    yield "listRelationships", [w.related], "", None, {}
    yield "addRelationship", [w.here], "", {"type": "PARTNER_OF", "customerId": w.related}, {}
    yield "addRelationship", [w.here], "", {"type": "PARTNER_OF", "customerId": w.related}, {}
    yield "addRelationship", [w.here], "", {"type": "PARTNER_OF", "customerId": "CUST-9"}, {}
    yield "addRelationship", [w.here], "", {"type": "PARTNER_OF", "customerId": w.erased}, {}
    yield "addRelationship", [w.here], "", {"type": "PARTNER_OF"}, {}
    yield "addRelationship", [w.here], "", {"type": "PARTNER_OF", "customerId": "CUST-9", "nonsense": 1}, {}
    yield "addRelationship", [w.child], "", {"type": "PARENT_OF", "customerId": w.related}, {}
    yield "addRelationship", [w.related], "", {"type": "PARTNER_OF", "customerId": w.here}, {}
    yield "getRelationship", [w.related, "REL-9"], "", None, {}
    yield "getRelationship", [w.related, w.relationship], "", None, {}
    yield "endRelationship", [w.related, "REL-9"], "", None, {}
    yield "endRelationship", [w.related, w.relationship], "", None, {}
    yield "getHierarchy", [w.related], "", None, {}
    yield "getHierarchy", [w.related], "?direction=nonsense", None, {}
    yield "getConsent", [w.here], "", None, {}
    yield "getConsent", [w.here], "?asOf=nonsense", None, {}
    yield "recordConsent", [w.here], "", None, {}
    yield "recordConsent", [w.here], "", {}, {}
    yield "recordConsent", [w.full], "", None, {}
    yield "listConsentHistory", [w.here], "", None, {}
    yield "getConsentReceipt", [w.here, w.record], "", None, {}
    yield "getConsentReceipt", [w.here, "CONS-9"], "", None, {}
    yield "checkConsent", [], "", None, {}
    yield "checkConsent", [], "", {}, {}
    yield "checkConsent", [], "", {"checks": check * 3}, {}
    yield "checkSuppression", [], "?contactPoint=a@x.example", None, {}
    yield "checkSuppression", [], "", None, {}
    yield "checkSuppression", [], "?contactPoint=nonsense", None, {}
    yield "addSuppression", [], "", None, {}
    yield "addSuppression", [], "", {}, {}
    yield "removeSuppression", [], "?contactPoint=a@x.example", None, {}
    yield "removeSuppression", [], "", None, {}
    yield "removeSuppression", [], "?contactPoint=nonsense", None, {}
    for name in ("previewMerge", "mergeCustomers"):
        for source in ("CUST-9", w.merged, w.erased, w.here, w.full):
            yield name, [w.here], "", {"sourceCustomerId": source}, {}
        yield name, [w.here], "", {}, {}
        yield name, [w.survivor], "", {"sourceCustomerId": w.here}, {}
        source, target = w.customer(), w.customer()
        yield name, [target], "", {"sourceCustomerId": source, "planToken": "nonsense"}, {}
        yield name, [target], "", {"sourceCustomerId": source}, {"If_Match": '"999"'} if name == "mergeCustomers" else {}
        yield name, [target], "", {"sourceCustomerId": source}, {}
    yield "listMerges", [w.survivor], "", None, {}
    target, merge = w.reversed_merge()
    for name in ("previewReverseMerge", "reverseMerge"):
        yield name, [target, merge], "", None, {}
        yield name, [w.survivor, "MRG-9"], "", None, {}
        yield name, [w.erased, w.erased_merge], "", None, {}
        source, other = w.customer(), w.customer()
        merged = w.api.make(f"/customers/{other}/merge", {"sourceCustomerId": source})["mergeId"]
        if name == "reverseMerge":
            yield name, [other, merged], "", {"planToken": "nonsense"}, {}
        yield name, [other, merged], "", NONE, {}
    yield "listDuplicates", [], "", None, {}
    yield "listDuplicates", [], "?state=nonsense", None, {}
    yield "listDuplicates", [], "?customerId=CUST-9", None, {}
    yield "getDuplicateStats", [], "", None, {}
    yield "getDuplicate", [w.item(0)], "", None, {}
    yield "scanDuplicates", [], "", {}, {}
    yield "scanDuplicates", [], "", {"nonsense": 1}, {}
    yield "scanDuplicates", [], "", {"autoMergeAbove": 2}, {}
    resolved, claimed = w.item(1), w.item(2)
    yield "resolveDuplicate", [resolved], "", None, {}
    yield "claimDuplicate", [claimed], "", NONE, {"X_User_Id": "another"}
    yield "claimDuplicate", [w.item(0)], "?minutes=nonsense", NONE, {}
    yield "releaseDuplicate", [w.item(0)], "", NONE, {}
    for name in ("getDuplicate", "claimDuplicate", "releaseDuplicate", "resolveDuplicate"):
        yield name, ["DUP-9"], "", None, {}
        if name != "getDuplicate":
            yield name, [resolved], "", None, {}
            yield name, [claimed], "", None, {}
    for body in ({"decision": "MERGE"}, {"decision": "MERGE", "survivorId": "CUST-9"}, {"decision": "LATER", "nonsense": 1},
                 {"decision": "MERGE", "survivorId": w.items[0][0], "planToken": "nonsense"}):
        yield "resolveDuplicate", [w.item(0)], "", body, {}
    for number in (3, 4):
        other = w.customer()
        w.api.make(f"/customers/{w.items[number][0]}/merge", {"sourceCustomerId": other})
    yield "resolveDuplicate", [w.item(3)], "", {"decision": "MERGE", "survivorId": w.items[3][0]}, {}
    for customer in ("CUST-9", w.merged, w.erased, w.customer()):
        yield "eraseCustomer", [], "", {"customerId": customer}, {}
    yield "eraseCustomer", [], "", {}, {}
    yield "readEvents", [], "?limit=1", None, {}
    yield "readEvents", [], "?after=nonsense", None, {}
    for made in w.api.ask("GET", f"{API}/webhooks")[1]["items"]:
        w.api.ask("DELETE", f"{API}/webhooks/{made['webhookId']}")
    hook = w.api.make("/webhooks", {"url": "http://127.0.0.1:9/"})["webhookId"]
    delivery = w.delivery(hook)
    yield "createWebhook", [], "", None, {}
    yield "createWebhook", [], "", {"url": "https://10.0.0.1/"}, {}
    yield "createWebhook", [], "", {}, {}
    for _ in range(2):
        yield "createWebhook", [], "", None, {}
    yield "listWebhooks", [], "", None, {}
    yield "listWebhooks", [], "?limit=nonsense", None, {}
    yield "replayWebhook", [hook], "", {}, {}
    yield "listWebhookDeliveries", [hook], "", None, {}
    yield "listWebhookDeliveries", [hook], "?failed=nonsense", None, {}
    yield "replayWebhookDelivery", [hook, delivery], "", NONE, {}
    yield "replayWebhookDelivery", [hook, "999999"], "", NONE, {}
    for wanted in ("ACTIVE", "DISABLED"):
        w.api.ask("PATCH", f"{API}/webhooks/{hook}", {"status": wanted})
        for name, *more in (("testWebhook",), ("replayWebhook",), ("replayWebhookDelivery", delivery)):
            yield name, [hook, *more], "", None, {}
            yield name, ["WHK-9", *more], "", None, {}
    yield "changeWebhook", [hook], "", None, {}
    yield "changeWebhook", [hook], "", None, {"If_Match": '"999"'}
    yield "changeWebhook", [hook], "", {"status": "nonsense"}, {}
    yield "renewWebhookSecret", [hook], "", None, {}
    yield "renewWebhookSecret", [hook], "", {"overlapSeconds": -1}, {}
    yield "getWebhook", [hook], "", None, {}
    yield "removeWebhook", [hook], "", None, {}
    for name in ("getWebhook", "changeWebhook", "removeWebhook", "renewWebhookSecret", "listWebhookDeliveries"):
        yield name, ["WHK-9"], "", None, {}
    yield "startImport", [], "", None, {}
    yield "startImport", [], "?onDuplicate=nonsense", None, {}
    yield "proposeMapping", [], "", None, {}
    yield "proposeMapping", [], "", "\n", {}
    yield "proposeMapping", [], "", '"name"x,y\n', {}
    yield "startExport", [], "", NONE, {}
    yield "recomputeCustomers", [], "", NONE, {}
    yield "listJobs", [], "", None, {}
    yield "listJobs", [], "?limit=nonsense", None, {}
    yield "getJob", [w.job], "", None, {}
    yield "getJob", ["JOB-9"], "", None, {}
    yield "cancelJob", [w.job], "", NONE, {}
    yield "cancelJob", ["JOB-9"], "", NONE, {}
    yield "getJobResult", [w.export()], "", None, {}
    yield "getJobResult", ["JOB-9"], "", None, {}
    yield "getJobResult", [w.imported], "", None, {}
    yield "getJobErrors", [w.imported], "", None, {}
    yield "undoImport", ["JOB-9"], "", NONE, {}
    yield "undoImport", [w.job], "", NONE, {}
    yield "undoImport", [w.imported], "", NONE, {}
    yield "getJobErrors", ["JOB-9"], "", None, {}
    for name in ("live", "ready", "metrics", "asyncapi", "openapi", "page", "docs"):
        yield name, [], "", None, {}
    yield "console", ["style.css"], "", None, {}
    yield "console", ["nonsense"], "", None, {}


def try_cases(api):
    world = World(api)
    for user in ({}, {"X_User_Id": "another"}):
        api.make("/customers", {"name": "Taken"}, Idempotency_Key="taken", **user)
    for number, (name, places, query, body, headers) in enumerate(cases(world)):
        operation = api.description.operations[name]
        sent, own = valid_body(operation)
        sent = None if body is NONE else sent if body is None else body
        headers = {**own, **headers, "Idempotency-Key": f"key-{number}"}
        target = operation.target(*places) + query
        good = api.ask(operation.method, target, sent, **headers)[0] < 300
        if good and operation.method != "GET":
            api.ask(operation.method, target, sent, **{**headers, "Idempotency-Key": "taken"})
    for operation in api.description.operations.values():
        if not operation.path.startswith(API + "/customers/{customerId}"):
            continue
        body, own = valid_body(operation)
        for customer in ("CUST-9", world.merged, world.erased):
            api.ask(operation.method, operation.target(customer), body, **own)
    cancel_a_job(api)
    undo_what_runs_and_what_is_undone(api, world)


def cancel_a_job(api):
    """Jobs run one after the other: of many, one still waits."""
    for _ in range(20):
        jobs = [api.make("/exports", None)["jobId"] for _ in range(20)]
        for job in reversed(jobs):
            target, key = f"{API}/jobs/{job}/cancel", {"Idempotency-Key": job}
            if api.ask("POST", target, **key)[0] == 200:
                api.ask("POST", target, "{}", **key)
                return


def undo_what_runs_and_what_is_undone(api, world):
    for _ in range(20):
        jobs = [api.make("/imports", '{"name":"One"}\n', Content_Type="application/x-ndjson")["jobId"] for _ in range(20)]
        if api.ask("POST", f"{API}/imports/{jobs[-1]}/undo")[0] == 409:
            break
    world.wait(jobs[-1])
    undo = api.ask("POST", f"{API}/imports/{jobs[0]}/undo")[1]
    world.wait(undo["jobId"])
    api.ask("POST", f"{API}/imports/{jobs[0]}/undo")


def missing(api, seen):
    for name, operation in sorted(api.description.operations.items()):
        for status, code in sorted(operation.answers - seen[name], key=str):
            upload = operation.content == "text/csv"
            held = {"REQUEST_IN_FLIGHT": upload, "OUT_OF_MEMORY": operation.content and not upload}
            if code not in OF_THE_STORE and held.get(code, True):
                yield f"{name} never answered {status} {code or ''}"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--store", choices=("sqlite", "postgres"), default="sqlite")
    parser.add_argument("--binary", default=os.path.join(ROOT, "build", "customer360"))
    options = parser.parse_args()
    stores, services = Stores(options.store, options.binary), []
    try:
        gateway = ["--identity-gateway-peers", "127.0.0.1/32"]
        for flags in (LIMITS, ["--http-rate-limit", "1"], ["--http-request-memory", "256K"]):
            services.append(serve(options.binary, stores.new(), gateway + flags, dev=False))
        api, limited, small = map(Api, services)
        for operation in api.description.operations.values():
            try_what_any_route_answers(api, operation)
            run_out_of_memory(small, operation)
            ask_while_it_is_under_way(api, operation)
            if not operation.public:
                try_rate_limit(limited, operation)
        try_cases(api)
        for other in (limited, small):
            for name, answers in other.reached.items():
                api.reached[name] |= answers
        problems = sorted(set(api.wrong + limited.wrong + small.wrong)) + list(missing(api, api.reached))
        for problem in problems:
            print(f"  {problem}")
        pairs = sum(len(answers) for answers in api.reached.values())
        word = "not ok" if problems else "ok"
        print(f"{word} - each of {pairs} declared answers is reached, and no other ({options.store})")
        sys.exit(1 if problems else 0)
    finally:
        for service in services:
            service.stop()
        stores.close()


if __name__ == "__main__":
    main()
