"""Clients of the fault runs: they create and change customers while something is killed."""
import collections
import http.client
import json
import random
import threading
import time

API, CLIENTS, TENANTS, SHARED = "/api/v1/crm", 4, ("north", "south"), 2


class Client(threading.Thread):
    """Creates customers, changes them and those that all clients of a cycle share, at whichever instance answers, until it is
    told to stop. share: how many of the requests are about those. answered: by tenant and customer, the last version that was."""

    def __init__(self, services, cycle, number, stop, share=0.35):
        super().__init__(daemon=True)
        self.services, self.stop_event, self.share = services, stop, share
        self.own, self.shared = f"{cycle}-{number}", f"{cycle}-shared"
        self.random, self.answered = random.Random(self.own), {}

    def ask(self, method, path, body, tenant=None):
        service, tenant = self.random.choice(self.services), tenant or self.random.choice(TENANTS)
        connection = http.client.HTTPConnection("127.0.0.1", service.port, timeout=5)
        try:
            connection.request(method, API + path, json.dumps(body), {"X-Tenant-ID": tenant, "Content-Type": "application/json"})
            response = connection.getresponse()
            text = response.read()
        except (OSError, http.client.HTTPException):
            time.sleep(0.02)
            return
        finally:
            connection.close()
        if response.status in (200, 201):
            profile = json.loads(text)
            self.answered[tenant, profile["customerId"]] = profile["version"]

    def create(self, key, tenant=None):
        self.ask("POST", "/customers?onDuplicate=allow", {"customerId": key, "name": f"Customer {key}"}, tenant)

    def change(self, key):
        self.ask("PATCH", f"/customers/{key}", {"segment": f"S{self.random.getrandbits(30)}"})

    def run(self):
        made = 0
        for number in range(SHARED):
            for tenant in TENANTS:
                self.create(f"{self.shared}-{number}", tenant)
        while not self.stop_event.is_set():
            if self.random.random() < self.share:
                self.change(f"{self.shared}-{self.random.randrange(SHARED)}")
            elif made < 2 or self.random.random() < 0.5:
                made += 1
                self.create(f"{self.own}-{made}")
            else:
                self.change(f"{self.own}-{self.random.randint(max(1, made - 3), made)}")


def compare_answers(answered, there, feed):
    """answered, there: versions by tenant and customer. Each version is an event: as many must be in the feed as are there, and no
    fewer than were answered."""
    told = collections.Counter((event["tenantId"], event["aggregateId"]) for event in feed)
    return [f"{customer} was answered as version {version}, is {there.get(customer, 0)}, and has {told[customer]} events"
            for customer, version in answered.items() if not version <= there.get(customer, 0) == told[customer]]


def self_test():
    good, events = True, [{"tenantId": "t", "aggregateId": "A"}, {"tenantId": "t", "aggregateId": "A"}, {"tenantId": "u", "aggregateId": "A"}]
    for name, answered, there, bad in (("answers that were kept", 2, 2, False), ("a change whose answer was lost", 1, 2, False), ("a lost change", 2, 1, True),
                                       ("a lost customer", 1, 0, True), ("a change without an event", 3, 3, True), ("an event without a change", 1, 1, True)):
        right = bool(compare_answers({("t", "A"): answered}, {("t", "A"): there}, events)) == bad
        good = good and right
        print(f"{'ok' if right else 'not ok'} - the comparison sees {name}")
    return good
