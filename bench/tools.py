"""What the benchmarks share: a store with customers and a token, load, and one line of JSON for each figure."""
import json
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(HERE)
sys.path[1:1] = [os.path.join(ROOT, "tests"), os.path.join(ROOT, "tests", "kafka")]  # behind this folder, which has a traces.py, too
from servers.ports import free_port  # noqa: E402,F401
from servers.postgres import PostgresServer  # noqa: E402
from servers.service import API  # noqa: E402
from servers.stores import key_flags, serve  # noqa: E402

BINARY = os.path.join(ROOT, "build", "customer360")
EVERYBODY_WAITS = ("--http-read-wait-max", "0", "--http-write-wait-max", "0")  # what can be done, not what is refused
WORDS = ("alpha bravo charlie delta echo foxtrot golf hotel india juliett kilo lima mike november oscar papa "
         "quebec romeo sierra tango uniform victor whiskey xray yankee zulu").split()


def report(**figures):
    print(json.dumps(figures), flush=True)
    return figures


def profile(number):
    """A profile of about 1 KiB as the service answers it."""
    chance = random.Random(number)
    word = lambda: chance.choice(WORDS)  # noqa: E731
    name = f"{word().title()} {word().title()} {number} GmbH"
    site = f"{word()}-{number}.example"
    return {
        "customerId": f"CUST-{number:08d}", "name": name, "kind": "ORGANIZATION", "segment": chance.choice(("SMB", "ENTERPRISE")),
        "emails": [f"info@{site}", f"sales@{site}"], "phones": [f"+49 30 {number:08d}"], "website": f"https://www.{site}",
        "identifiers": [{"type": "VAT", "value": f"DE{number:09d}", "country": "DE"}, {"type": "DUNS", "value": f"{number:09d}"}],
        "addresses": [{"line1": f"{word().title()} Street {number % 300}", "city": word().title(), "postalCode": f"{number % 99999:05d}",
                       "country": "DE", "kind": "BILLING"}],
        "language": "de", "preferences": {"theme": word()},
        "contacts": [{"contactId": f"CONT-{number:08d}", "name": f"Jane {word().title()}", "email": f"jane@{site}", "role": "BILLING"}],
    }


def write_profiles(path, count, make):
    with open(path, "w", encoding="utf-8") as out:
        for number in range(count):
            out.write(json.dumps(make(number), separators=(",", ":")) + "\n")


class Stage:
    """A directory, a store and what is needed to call it with a token."""

    bases = None  # where imported stores are kept for the next run

    def __init__(self, store):
        self.store, self.directory, self.server = store, tempfile.mkdtemp(prefix="customer360-bench-"), None
        if store == "postgres":
            self.server = PostgresServer(("shared_buffers=1GB", "max_wal_size=8GB"))
            self.url = self.server.new_database(BINARY)
        else:
            self.url = f"sqlite:{self.directory}/customers.db"
        keys = os.path.join(self.directory, "keys")
        subprocess.run([BINARY, "token", "--new-key", keys], check=True, stdout=subprocess.DEVNULL)
        self.jwks = os.path.join(keys, "jwks.json")
        self.token = subprocess.run([BINARY, "token", "--key", os.path.join(keys, "private.pem"), "--tenant", "bench", "--user", "bench",
                                     "--permissions", "*", "--expires", "12h"], check=True, capture_output=True, text=True).stdout.strip()

    def import_profiles(self, count, make=profile):
        """(seconds, bytes); of a kept base those of its making."""
        base = os.path.join(self.bases, f"{make.__name__}-{count}") if self.bases and self.store == "sqlite" else None
        if base and os.path.exists(f"{base}.json"):
            for name in os.listdir(base):
                shutil.copy(os.path.join(base, name), self.directory)
            with open(f"{base}.json", encoding="utf-8") as figures:
                return json.load(figures)
        figures = self.import_anew(count, make)
        if base:
            os.makedirs(base)
            for name in os.listdir(self.directory):
                if name.startswith("customers.db"):
                    shutil.copy(os.path.join(self.directory, name), base)
            with open(f"{base}.json", "w", encoding="utf-8") as kept:
                json.dump(figures, kept)
        return figures

    def import_anew(self, count, make):
        path = os.path.join(self.directory, "profiles.ndjson")
        write_profiles(path, count, make)
        size = os.path.getsize(path)
        began = time.monotonic()
        subprocess.run([BINARY, "import", path, "--store", self.url, "--tenant", "bench", "--json",
                        *key_flags(self.url)], check=True, stdout=subprocess.DEVNULL)
        seconds = time.monotonic() - began
        os.remove(path)
        return seconds, size

    def serve(self, *flags):
        return serve(BINARY, self.url, ["--identity-jwks-file", self.jwks, *flags], dev=False)

    def close(self):
        if self.server:
            self.server.stop()
        shutil.rmtree(self.directory, ignore_errors=True)


def wrk(port, script, arguments, seconds, connections=64, threads=1):
    done = subprocess.run(["wrk", f"-t{threads}", f"-c{connections}", f"-d{seconds}s", "--latency", "-s", os.path.join(HERE, script),
                           f"http://127.0.0.1:{port}", "--", *arguments], check=True, capture_output=True, text=True).stdout
    rate = float(re.search(r"Requests/sec:\s+([\d.]+)", done).group(1))
    value, unit = re.search(r"99%\s+([\d.]+)(us|ms|s)", done).groups()
    bad = re.search(r"Non-2xx or 3xx responses: (\d+)", done)
    return {"per_second": round(rate), "p99_ms": round(float(value) * {"us": 0.001, "ms": 1, "s": 1000}[unit], 2),
            "failed": int(bad.group(1)) if bad else 0}


def lookup_arguments(stage, count):
    return [f"{API}/customers/CUST-", str(count), f"Authorization=Bearer {stage.token}"]


def cpu_seconds(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii") as stat:
        fields = stat.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def resident_kib(service):
    with open(f"/proc/{service.process.pid}/status", encoding="utf-8") as status:
        return int(re.search(r"VmRSS:\s+(\d+)", status.read()).group(1))


def load(service, token, targets, *phases):
    """What bench_load tells of each phase."""
    done = subprocess.run([os.path.join(ROOT, "build", "bench_load"), str(service.port), token, targets, *phases], check=True, capture_output=True, text=True)
    return [json.loads(line) for line in done.stdout.splitlines()]
