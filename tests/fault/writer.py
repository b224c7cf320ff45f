"""A client of the fault run: changes customers of its own, one request at a time, and keeps what they must be by now."""
import http.client
import json
import random
import threading
import time

import worlds

API = "/api/v1/crm"
# They promise that nothing happened; what else is 500 and more is open.
REFUSALS = ("SERVICE_UNAVAILABLE", "SERVICE_OVERLOADED", "WRITE_CONFLICT", "STORE_FULL")


class Client(threading.Thread):
    """Ends with the first request that gets no answer: its outcome is what is to be found out."""

    def __init__(self, port, name, seed, world, stop):
        super().__init__(daemon=True)
        self.port, self.prefix, self.random = port, name, random.Random(seed)
        self.world, self.stop_event = world, stop
        self.problems = []
        self.keyed = {}  # Idempotency-Key -> customerId, or None without an answer
        self.connection = None
        self.acknowledged = 0

    def call(self, method, path, body=None, key=None):
        """(status, answer); "refused" when nothing was done, None when that is not known."""
        if self.connection is None:
            self.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        headers = {"X-Tenant-ID": "fault"}
        if body is not None:
            headers["Content-Type"] = "application/merge-patch+json" if method == "PATCH" else "application/json"
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
            return "refused" if answer.get("error") in REFUSALS else None
        return response.status, answer

    def perform(self, operation, wanted, method, path, body=None):
        """The answer when it was carried out; else None, "refused", or "problem"."""
        self.world.pending = operation
        given = self.call(method, path, body)
        if given is None:
            return None
        self.world.pending = None
        if given == "refused":
            return given
        status, answer = given
        if status != wanted:
            self.problems.append(f"{method} {path} answered {status} {answer}")
            return "problem"
        self.world.carry_out(operation)
        return answer

    def name(self, kind):
        self.world.count += 1
        return f"{self.prefix}-{kind}{self.world.count}-{self.random.getrandbits(32):08x}"

    # --- what it does; each gives what perform() does ---

    def create(self):
        customer_id = self.name("C")
        return self.perform(worlds.create(customer_id), 201, "POST", "/customers", {"customerId": customer_id, "name": f"Customer {customer_id}"})

    def create_keyed(self):
        """The service gives the id, so that only the key says which customer it is."""
        key = self.name("K")
        self.keyed[key] = None
        given = self.call("POST", "/customers", {"name": f"Keyed {key}"}, key)
        if given is None or given == "refused":
            return given
        status, answer = given
        self.keyed[key] = answer.get("customerId")
        if status == 201:
            return answer
        self.problems.append(f"keyed create answered {status} {answer}")
        return "problem"

    def change(self):
        customer_id, value = self.any_root(), f"S{self.random.getrandbits(32):08x}"
        # A key of its own, so that a merge brings nothing into the way.
        answer = self.perform(worlds.set_value(customer_id, value), 200, "PATCH", f"/customers/{customer_id}",
                              {"preferences": {customer_id: value}})
        if isinstance(answer, dict):
            self.world.versions[customer_id] = answer["version"]
        return answer

    def contact(self):
        """A new one, another name for one, or one less."""
        customer_id = self.any_root()
        known = self.parts_of(customer_id, "contacts")
        base, name = f"/customers/{customer_id}/contacts", self.name("N")
        if len(known) < 2 or self.random.random() < 0.4:
            contact_id = self.name("P")
            return self.perform(worlds.put_contact(customer_id, customer_id, contact_id, name), 201, "POST", base,
                                {"contactId": contact_id, "name": name})
        home, contact_id = self.random.choice(known)
        if self.random.random() < 0.6:
            return self.perform(worlds.put_contact(customer_id, home, contact_id, name), 200, "PATCH", f"{base}/{contact_id}", {"name": name})
        return self.perform(worlds.take_contact(customer_id, home, contact_id), 204, "DELETE", f"{base}/{contact_id}")

    def relationship(self):
        customer_id = self.any_root()
        tree = self.world.tree(customer_id)
        known = [(home, one) for home, one in self.parts_of(customer_id, "relations") if self.world.homes[home].relations[one] not in tree]
        others = [root for root in self.world.roots() if root != customer_id and root not in self.world.homes[customer_id].relations.values()]
        base = f"/customers/{customer_id}/relationships"
        if known and (not others or self.random.random() < 0.4):
            home, relation_id = self.random.choice(known)
            return self.perform(worlds.take_relation(customer_id, home, relation_id), 204, "DELETE", f"{base}/{relation_id}")
        if not others:
            return self.create()
        relation_id, other = self.name("R"), self.random.choice(others)
        return self.perform(worlds.put_relation(customer_id, relation_id, other), 201, "POST", base,
                            {"relationshipId": relation_id, "type": "PARTNER_OF", "customerId": other})

    def consent(self):
        customer_id, form = self.any_root(), self.name("A")
        status = self.random.choice(("GRANTED", "GRANTED", "REVOKED"))
        answer = self.perform(worlds.put_consent(customer_id, form, status), 201, "POST", f"/customers/{customer_id}/consent",
                              {"type": self.random.choice(("EMAIL", "SMS")), "status": status, "evidence": {"form": form}})
        if isinstance(answer, dict):
            self.world.records[answer["recordId"]] = answer
        return answer

    def merge(self):
        target, source = self.random.sample(self.world.roots(), 2)
        if len(self.world.tree(target)) + len(self.world.tree(source)) > worlds.TREE_MAX:
            return self.unmerge()
        answer = self.perform(worlds.merge(target, source), 200, "POST", f"/customers/{target}/merge", {"sourceCustomerId": source})
        if isinstance(answer, dict):
            self.world.merges[source] = answer["mergeId"]
        return answer

    def unmerge(self):
        merged = [home for home, at in self.world.homes.items() if at.survivor]
        if not merged:
            return self.change()
        source = self.random.choice(merged)
        return self.perform(worlds.unmerge(source), 200, "POST", f"/customers/{self.world.root(source)}/merges/{self.world.merges[source]}/reverse")

    def any_root(self):
        return self.random.choice(self.world.roots())

    def parts_of(self, customer_id, kind):
        return [(home, key) for home in self.world.tree(customer_id) for key in getattr(self.world.homes[home], kind)]

    DOES = ((create, 0.2), (create_keyed, 0.1), (change, 0.15), (contact, 0.15), (relationship, 0.1), (consent, 0.12), (merge, 0.1), (unmerge, 0.08))

    def run(self):
        does, weights = zip(*self.DOES)
        while not self.stop_event.is_set():
            few = len(self.world.roots()) < 3
            answer = self.create() if few else self.random.choices(does, weights)[0](self)
            if answer is None:
                return
            if answer == "refused":
                time.sleep(0.05)
            elif answer == "problem":
                return
            else:
                self.acknowledged += 1
