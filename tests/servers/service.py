"""The service in tests: a process of the program on a port of its own, waited for until it is ready, asked, and stopped by its pid."""
import http.client
import json
import os
import re
import signal
import subprocess
import tempfile
import time

from servers.ports import free_port

API = "/api/v1/crm"
PATIENCE_S = 60  # of whoever waits for it: on a machine that has much else to do


class Mismatch(AssertionError):
    """What a test expected of the service and did not get."""


class Service:
    """`customer360 serve` with these flags, ready when it is made. log: the file that it writes to, one that goes with it when there
    is none; binary: may be several words, to run it as somebody else; environment: variables of its own; until: what answers 200 when it is ready; own_group: Ctrl-C is not for it."""

    def __init__(self, binary, flags=(), log=None, environment=None, until="/readyz", own_group=False):
        self.binary, self.flags, self.environment, self.until, self.own_group = binary, list(flags), environment or {}, until, own_group
        self.port, self.process = free_port(), None
        self.own_log = None if log else tempfile.NamedTemporaryFile(prefix="customer360-", suffix=".log")
        self.log_path = os.path.abspath(log or self.own_log.name)
        try:
            self.start()
        except BaseException:  # nobody gets it, who could stop it
            self.kill()
            raise

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    @property
    def store_url(self):
        return self.flags[self.flags.index("--store") + 1]

    # --- its process ---

    def command(self):
        return [*([self.binary] if isinstance(self.binary, str) else self.binary), "serve", "--listen", f"127.0.0.1:{self.port}", *self.flags]

    def launch(self, variables=()):
        """variables: of the environment, for this time."""
        environment = {**os.environ, **self.environment, **dict(variables)}
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(self.command(), stdout=log, stderr=log, env=environment, process_group=0 if self.own_group else None)

    def start(self, variables=()):
        self.launch(variables)
        self.wait_ready()

    def wait_ready(self):
        deadline = time.monotonic() + PATIENCE_S
        while self.status_of(self.until) != 200:
            if self.process.poll() is not None:
                raise Mismatch(f"the service ended with {self.process.returncode}:\n{self.tail()}")
            if time.monotonic() > deadline:
                raise Mismatch(f"the service was not ready in {PATIENCE_S} s:\n{self.tail()}")
            time.sleep(0.02)

    def is_stopped(self):
        """By SIGSTOP."""
        with open(f"/proc/{self.process.pid}/stat", encoding="utf-8") as file:
            return file.read().rsplit(")", 1)[1].split()[0] == "T"

    def stop(self, with_signal=signal.SIGTERM):
        """Its exit status."""
        if self.process.poll() is None:
            self.process.send_signal(with_signal)
            self.process.send_signal(signal.SIGCONT)
            try:
                self.process.wait(PATIENCE_S)
            except subprocess.TimeoutExpired:
                self.kill()
                raise Mismatch(f"the service did not stop within {PATIENCE_S} s:\n{self.tail()}") from None
        return self.process.returncode

    def kill(self):
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    # --- what it says ---

    def log(self):
        with open(self.log_path, encoding="utf-8", errors="replace") as log:
            return log.read()

    def tail(self):
        return "\n".join(self.log().splitlines()[-15:])

    def connect(self):
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_S)

    def read(self, path):
        connection = self.connect()
        try:
            connection.request("GET", path)
            return connection.getresponse().read()
        finally:
            connection.close()

    def request(self, method, path, body=None, **headers):
        """(status, JSON or text)"""
        connection = self.connect()
        try:
            connection.request(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})
            response = connection.getresponse()
            text = response.read().decode()
        finally:
            connection.close()
        try:
            return response.status, json.loads(text)
        except ValueError:
            return response.status, text

    def status_of(self, path, **headers):
        """None when it does not answer."""
        try:
            return self.request("GET", path, **headers)[0]
        except (OSError, http.client.HTTPException):
            return None

    def metric(self, name):
        found = re.search(rf"^{re.escape(name)} (\S+)$", self.read("/metrics").decode(), re.M)
        assert found, f"there is no {name}"
        return float(found.group(1))
