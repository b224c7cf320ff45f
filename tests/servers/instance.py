"""An instance of the service over a PostgreSQL, as in production: a process with a directory of its own."""
import os
import shutil
import signal
import subprocess
import tempfile
import time
import urllib.error
import urllib.request

from servers.java import free_ports


class Instance:
    """flags: of `customer360 serve`, without the address."""

    def __init__(self, binary, flags):
        self.directory = tempfile.mkdtemp(prefix="customer360-instance-")
        self.port = free_ports(1)[0]
        self.command = [binary, "serve", "--listen", f"127.0.0.1:{self.port}", "--jobs-directory", self.directory, *flags]
        self.process = None

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def log(self):
        with open(os.path.join(self.directory, "log"), encoding="utf-8", errors="replace") as log:
            return log.read()

    def start(self, patience_s=30):
        with open(os.path.join(self.directory, "log"), "ab") as log:
            self.process = subprocess.Popen(self.command, stdout=log, stderr=log, process_group=0)
        deadline = time.monotonic() + patience_s
        while not self.is_ready():
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError("an instance did not start:\n" + "\n".join(self.log().splitlines()[-10:]))
            time.sleep(0.02)

    def is_ready(self):
        try:
            with urllib.request.urlopen(self.url + "/readyz", timeout=5) as answer:
                return answer.status == 200
        except (OSError, urllib.error.URLError):
            return False

    def metric(self, name):
        with urllib.request.urlopen(self.url + "/metrics", timeout=5) as answer:
            lines = answer.read().decode().splitlines()
        return next((float(line.split()[-1]) for line in lines if line.startswith(name + " ")), 0.0)

    def send(self, with_signal):
        self.process.send_signal(with_signal)

    def kill(self):
        self.process.kill()
        self.process.wait()

    def stop(self):
        if self.process and self.process.poll() is None:
            self.send(signal.SIGCONT)
            self.send(signal.SIGTERM)
            try:
                self.process.wait(40)
            except subprocess.TimeoutExpired:
                self.kill()
        shutil.rmtree(self.directory, ignore_errors=True)
