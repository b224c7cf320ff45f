"""Clients of the fault runs: they create and change customers while something is killed."""
import http.client
import json
import random
import threading
import time

API, CLIENTS, TENANTS = "/api/v1/crm", 4, ("north", "south")


class Client(threading.Thread):
    """Creates customers and changes them, at whichever instance answers, until it is told to stop."""

    def __init__(self, services, name, stop):
        super().__init__(daemon=True)
        self.services, self.prefix, self.stop_event, self.random = services, name, stop, random.Random(name)

    def ask(self, method, path, body):
        service = self.random.choice(self.services)
        connection = http.client.HTTPConnection("127.0.0.1", service.port, timeout=5)
        try:
            connection.request(method, API + path, json.dumps(body), {
                "X-Tenant-ID": self.random.choice(TENANTS), "Content-Type": "application/json"})
            connection.getresponse().read()
        except (OSError, http.client.HTTPException):
            time.sleep(0.02)
        finally:
            connection.close()

    def run(self):
        made = 0
        while not self.stop_event.is_set():
            if made < 2 or self.random.random() < 0.3:
                made += 1
                self.ask("POST", "/customers?onDuplicate=allow", {"customerId": f"{self.prefix}-{made}", "name": f"Customer {self.prefix} {made}"})
            else:
                key = f"{self.prefix}-{self.random.randint(max(1, made - 3), made)}"
                self.ask("PATCH", f"/customers/{key}", {"segment": f"S{self.random.getrandbits(30)}"})
