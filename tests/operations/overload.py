#!/usr/bin/python3
"""More is asked than can be done: what is beyond is refused at once, the rest is served as ever, and it is over when it is.

    tests/operations/overload.py [--binary build/customer360] [--preload build/operations/preload.so] [NAME...]

The disk is made slow and takes one write at a time, so that a few clients are too many on any machine. Prints TAP.
"""
import contextlib
import http.client
import json
import os
import re
import struct
import sys
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
import harness  # noqa: E402
from harness import service  # noqa: E402
from servers.service import API  # noqa: E402

PRELOAD = os.path.join(harness.ROOT, "build", "operations", "preload.so")
SYNC_MS, CLIENTS = 30, 40


@contextlib.contextmanager
def on_a_slow_disk(*flags):
    if not os.path.exists(PRELOAD):
        raise harness.Skip(f"{PRELOAD} is not built")
    with open("control", "wb") as file:
        file.write(struct.pack("qqq", 0, 0, SYNC_MS * 1000))
    os.environ.update(LD_PRELOAD=PRELOAD, PRELOAD_CONTROL=os.path.abspath("control"))
    try:
        with service("--dev", "--store", "sqlite:a.db", "--store-batch-max", "1", *flags) as api:
            yield api
    finally:
        del os.environ["LD_PRELOAD"], os.environ["PRELOAD_CONTROL"]


class Client(threading.Thread):
    """Creates one customer after the other until it is told to stop; waits a little when it is refused."""

    def __init__(self, api, number, until):
        super().__init__()
        self.port, self.number, self.until, self.seen = api.port, number, until, []

    def run(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        while time.monotonic() < self.until:
            began = time.monotonic()
            body = json.dumps({"name": f"Client {self.number} number {len(self.seen)}"})
            connection.request("POST", f"{API}/customers", body, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            value = json.loads(answer.read())
            self.seen.append((answer.status, answer.headers.get("Retry-After"), value, time.monotonic() - began))
            if answer.status == 503:
                time.sleep(0.02)


def crowd(api, seconds=3):
    """What many clients were answered, what behind their first request, and what others saw meanwhile."""
    until = time.monotonic() + seconds
    clients = [Client(api, number, until) for number in range(CLIENTS)]
    others = []
    for client in clients:
        client.start()
    while time.monotonic() < until:
        others += [api.status_of("/livez"), api.status_of("/readyz"), api.status_of("/metrics"), api.status_of(f"{API}/customers?limit=1")]
        time.sleep(0.05)
    for client in clients:
        client.join()
    # Those that came at once, the first of each, are a burst, which is served whole.
    return [answer for client in clients for answer in client.seen], [answer for client in clients for answer in client.seen[1:]], others


def counted(api, kind):
    return int(re.search(rf'customer360_http_overloaded_total{{kind="{kind}"}} (\d+)', api.request("GET", "/metrics")[1])[1])


def middle(answers, wanted):
    """Of the seconds that such an answer took."""
    took = sorted(seconds for status, *_, seconds in answers if status == wanted)
    return took[len(took) // 2]


def test_writes_that_would_wait_too_long_are_refused_at_once_and_nothing_else_is():
    with on_a_slow_disk("--http-write-wait-max", "100ms") as api:
        answers, later, others = crowd(api)
        created = [value["customerId"] for status, _, value, _ in answers if status == 201]
        refused = [(after, value["error"]) for status, after, value, _ in answers if status == 503]
        assert {status for status, *_ in answers} == {201, 503}, {status for status, *_ in answers}
        assert set(refused) == {("1", "SERVICE_OVERLOADED")}, set(refused)
        assert set(others) == {200}, others
        let_in = middle(later, 201)
        assert middle(answers, 503) < let_in, (middle(answers, 503), let_in)
        assert counted(api, "write") == len(refused) and counted(api, "read") == 0
        assert "api.overloaded" in api.log() and api.log().count("\n") < 100
        # It is over at once.
        assert api.request("POST", f"{API}/customers", '{"name":"After"}', Content_Type="application/json")[0] == 201
        assert all(api.status_of(f"{API}/customers/{customer}") == 200 for customer in created)
    assert let_in < what_everybody_waits_without_a_limit()


def what_everybody_waits_without_a_limit():
    """Nobody is refused; the crowd is in the queue as a whole, of which those who are let in wait for a part."""
    with on_a_slow_disk("--http-write-wait-max", "0") as api:
        answers, later, others = crowd(api)
        assert {status for status, *_ in answers} == {201} and set(others) == {200}
        assert counted(api, "write") == 0
        return middle(later, 201)


if __name__ == "__main__":
    if "--preload" in sys.argv:
        at = sys.argv.index("--preload")
        PRELOAD = os.path.abspath(sys.argv[at + 1])
        del sys.argv[at:at + 2]
    harness.main(globals())
