#!/usr/bin/python3
"""What `make run-production` starts: a tour through the load balancer, an instance killed on the way, and nothing left of it.

    tests/operations/production.py [--binary build/customer360] [NAME...]

Prints TAP. Exit status 1 when one failed.
"""
import contextlib
import glob
import http.client
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
import harness  # noqa: E402
from servers.service import API  # noqa: E402

SCRIPT = os.path.join(harness.ROOT, "tests", "servers", "production.py")


def children(pid):
    """All processes below it."""
    below = subprocess.run(["pgrep", "-P", str(pid)], check=False, capture_output=True, text=True).stdout.split()
    return [process for child in below for process in [int(child), *children(int(child))]]


def is_there(pid):
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8") as stat:
            return stat.read().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


class Running:
    """The script as a person starts it, and what it printed until it was ready."""

    def __init__(self):
        self.process = subprocess.Popen([SCRIPT, "--port", "0", "--binary", harness.BINARY], stdout=subprocess.PIPE, text=True)
        self.lines = []
        for line in self.process.stdout:
            self.lines.append(line.rstrip())
            if line.startswith("ready"):
                break
        else:
            raise AssertionError("it did not start: " + "\n".join(self.lines))

    def rows(self, name):
        return [line for line in self.lines if line.startswith(name)]

    def port(self, row):
        return int(re.search(r"127\.0\.0\.1:(\d+)", row).group(1))

    @property
    def balancer(self):
        return self.port(self.rows("load balancer")[0])

    def instances(self):
        return [(self.port(row), int(re.search(r"pid (\d+)", row).group(1))) for row in self.rows("instance")]


@contextlib.contextmanager
def production():
    running = Running()
    try:
        yield running
    finally:
        if running.process.poll() is None:
            running.process.send_signal(signal.SIGINT)
            running.process.wait(90)


def ask(port, method, path, body=None, **headers):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    if body is not None:
        sent.setdefault("Content-Type", "application/json")
    connection.request(method, path if path.startswith("/metrics") else API + path, body, sent)
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    try:
        return answer.status, json.loads(text)
    except ValueError:
        return answer.status, text


def create(port, **fields):
    status, made = ask(port, "POST", "/customers", json.dumps(fields))
    assert status == 201, made
    return made["customerId"]


def tour(port):
    """As in the README, each request at whichever instance has its turn."""
    acme = create(port, name="Acme Corp", emails=["info@acme.example"])
    assert ask(port, "GET", f"/customers/{acme}")[1]["name"] == "Acme Corp"
    assert ask(port, "POST", "/customers", '{"name":"ACME corp","emails":["INFO@acme.example"]}')[1]["error"] == "DUPLICATE_CUSTOMER"
    assert [hit["customerId"] for hit in ask(port, "GET", "/customers?q=acmee")[1]["items"]] == [acme]
    other = create(port, name="Acme Corporation", emails=["sales@acme.example"])
    status, merge = ask(port, "POST", f"/customers/{acme}/merge", json.dumps({"sourceCustomerId": other}))
    assert status == 200 and ask(port, "GET", f"/customers/{other}")[0] == 307, merge
    assert ask(port, "POST", f"/customers/{acme}/merges/{merge['mergeId']}/reverse")[0] == 200
    assert ask(port, "GET", f"/customers/{other}")[1]["name"] == "Acme Corporation"
    assert ask(port, "POST", f"/customers/{acme}/consent", '{"type":"EMAIL","status":"GRANTED"}')[0] == 201
    status, job = ask(port, "POST", "/imports?source=erp&keyColumn=ID", "ID,name\n1,Firm One\n2,Firm Two\n", Content_Type="text/csv")
    assert status == 202, job
    while ask(port, "GET", f"/jobs/{job['jobId']}")[1]["state"] in ("QUEUED", "RUNNING"):
        time.sleep(0.05)
    assert ask(port, "GET", f"/jobs/{job['jobId']}")[1]["progress"]["created"] == 2
    return acme


def published(running):
    """Of each instance, how many events it has published to Kafka."""
    counts = []
    for port, _ in running.instances():
        with contextlib.suppress(OSError, http.client.HTTPException):
            text = ask(port, "GET", "/metrics")[1]
            counts.append(int(float(re.search(r"^customer360_relay_events_published_total (\S+)", text, re.M).group(1))))
    return counts


def test_a_tour_through_the_balancer_and_nothing_is_left_when_it_stops():
    before = set(glob.glob(os.path.join(tempfile.gettempdir(), "customer360-*")))
    with production() as running:
        port = running.balancer
        acme = tour(port)
        deadline = time.monotonic() + 30
        while sum(published(running)) < 6:
            assert time.monotonic() < deadline, published(running)
            time.sleep(0.1)
        assert 0 in published(running), "one instance publishes, not all"
        assert ask(port, "GET", f"/customers/{acme}", X_Tenant_ID="another", X_User_Id="me")[0] == 200  # the balancer says who asks

        below = children(running.process.pid)
        assert len(below) >= 6, below
        running.process.send_signal(signal.SIGINT)
        assert running.process.wait(90) == 0
        deadline = time.monotonic() + 10
        while left := [pid for pid in below if is_there(pid)]:
            assert time.monotonic() < deadline, left
            time.sleep(0.05)
    mine = {path for path in set(glob.glob(os.path.join(tempfile.gettempdir(), "customer360-*"))) - before
            if re.search(r"customer360-(instance|nginx|production|kafka|registry)-", path)}
    assert not mine, mine


def test_no_request_is_lost_when_an_instance_is_killed_and_it_comes_back():
    with production() as running:
        port, answers, end = running.balancer, [], threading.Event()
        acme = create(port, name="Acme Corp")

        def read():
            while not end.is_set():
                answers.append(ask(port, "GET", f"/customers/{acme}")[0])

        readers = [threading.Thread(target=read) for _ in range(4)]
        for reader in readers:
            reader.start()
        killed_port, killed_pid = running.instances()[0]
        os.kill(killed_pid, signal.SIGKILL)
        while running.process.stdout.readline().find("is started again") < 0:
            pass
        deadline = time.monotonic() + 30
        while True:  # at its address, by itself
            with contextlib.suppress(OSError, http.client.HTTPException):
                if ask(killed_port, "GET", f"/customers/{acme}", X_Tenant_ID="acme", X_User_Id="u", X_User_Permissions="*")[0] == 200:
                    break
            assert time.monotonic() < deadline
            time.sleep(0.05)
        end.set()
        for reader in readers:
            reader.join()
        assert set(answers) == {200} and len(answers) > 50, (len(answers), set(answers))


def test_nothing_is_left_of_one_that_is_stopped_while_it_starts():
    for delay_s in (0.1, 1):
        place = tempfile.mkdtemp(prefix="customer360-stopped-")
        os.chmod(place, 0o755)  # PostgreSQL runs as another user
        try:
            with subprocess.Popen([SCRIPT, "--port", "0", "--binary", harness.BINARY], stdout=subprocess.PIPE, text=True,
                                  env={**os.environ, "TMPDIR": place}) as process:
                assert process.stdout.readline().startswith("starting")
                time.sleep(delay_s)
                below = children(process.pid)
                process.send_signal(signal.SIGTERM)
                assert process.wait(120) == 0
            left = os.listdir(place)
            assert not left and not [pid for pid in below if is_there(pid)], (delay_s, left)
        finally:
            shutil.rmtree(place, ignore_errors=True)


if __name__ == "__main__":
    harness.main(globals())
