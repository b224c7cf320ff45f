"""Clients of the fault runs: they create and change customers while something is killed."""
import http.client
import json
import random
import threading
import time

API, CLIENTS, TENANTS, SHARED = "/api/v1/crm", 4, ("north", "south"), 2


class Client(threading.Thread):
    """Creates customers, changes them and those that all clients of a cycle share, at whichever instance answers, until it is
    told to stop. share: how many of the requests are about those."""

    def __init__(self, services, cycle, number, stop, share=0.35):
        super().__init__(daemon=True)
        self.services, self.stop_event, self.share = services, stop, share
        self.own, self.shared = f"{cycle}-{number}", f"{cycle}-shared"
        self.random = random.Random(self.own)

    def ask(self, method, path, body, tenant=None):
        service = self.random.choice(self.services)
        connection = http.client.HTTPConnection("127.0.0.1", service.port, timeout=5)
        try:
            connection.request(method, API + path, json.dumps(body), {
                "X-Tenant-ID": tenant or self.random.choice(TENANTS), "Content-Type": "application/json"})
            connection.getresponse().read()
        except (OSError, http.client.HTTPException):
            time.sleep(0.02)
        finally:
            connection.close()

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
