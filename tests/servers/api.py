"""The service's API as a client of one tenant has it."""
import http.client
import json
import time

from servers.service import API


class Api:
    def __init__(self, port, tenant="default"):
        self.port, self.tenant = port, tenant

    def request(self, method, path, body=None, content="application/json", headers=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
            connection.request(method, path, data, {"X-Tenant-ID": self.tenant, "Content-Type": content, **(headers or {})})
            response = connection.getresponse()
            return response.status, response.read().decode()
        finally:
            connection.close()

    def ask(self, method, path, body=None, content="application/json"):
        """The answer, which must be one of success."""
        status, text = self.request(method, API + path, body, content)
        assert 200 <= status < 300, f"{method} {path}: {status} {text}"
        return json.loads(text) if text else None

    def wait_job(self, job):
        deadline = time.monotonic() + 30
        while (state := self.ask("GET", f"/jobs/{job}")["state"]) in ("QUEUED", "RUNNING"):
            assert time.monotonic() < deadline, state
            time.sleep(0.02)
        assert state == "DONE", state

    def feed(self):
        """{eventId: event} of this tenant."""
        found, after = {}, 0
        while True:
            status, text = self.request("GET", f"{API}/events?after={after}&limit=5000")
            assert status == 200, text
            page = [json.loads(line) for line in text.splitlines() if line]
            if not page:
                return found
            found |= {event["eventId"]: event for event in page}
            after = page[-1]["position"]

    def metric(self, name):
        for line in self.request("GET", "/metrics")[1].splitlines():
            if line.startswith(name + " "):
                return float(line.split()[1])
        raise AssertionError(f"there is no {name}")

    def await_metric(self, name, value, patience_s=30):
        deadline = time.monotonic() + patience_s
        while (is_now := self.metric(name)) != value:
            assert time.monotonic() < deadline, f"{name} is {is_now}, not {value}"
            time.sleep(0.05)
