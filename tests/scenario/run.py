#!/usr/bin/python3
"""Runs whole-service scenarios: short scripts that read like a story, the same on every store.

    tests/scenario/run.py [--store memory|sqlite|postgres] [--binary build/customer360] [NAME ...]

A scenario is a text file NAME.scenario. Lines:

    # prose                           says what is going on
    service FLAG ...                  (before the first request) an instance of its own with these flags
    POST /customers {"name":"Acme"}   a request; paths without /api/v1/crm get it in front; the body may
                                      go on over following lines that are indented
    > Header: value                   a header of the request above
    => 201 {"name":"Acme"}            what is expected: the status and, if given, the body (subset)
    => Header: value                  a header that is expected ("*" any value, "-" none, ~regex)
    save a = customerId               keeps a value of the last answer: path.to[0].member, or @ETag for a
                                      header, or "." for the whole body text
    as tenant-b                       the tenant of what follows (default: one per scenario)
    together 8 POST /customers {...}  eight at once; then "=> 201 x1, 409 x7", or "=> 201 or 409 x8"
    events after $position [{...}]    reads the feed; each event must appear, in this order; with "exactly" before
                                      the list these and no others
    restart / kill                    stops the service gracefully / with SIGKILL and starts it again
    wait job $job                     until the job has ended

Matching of JSON: an object names what must be there (more may be); null matches absent as well; an array
must match item by item, a last item "..." allows more; "*" any value; "~regex" a matching text; "$a" what
was saved. Behind the scenarios the tour of README.md is taken (readme.py). Prints TAP, and the counts. Exit status 1 when
something failed.
"""
import argparse
import concurrent.futures
import http.client
import json
import os
import re
import secrets
import signal
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.dirname(HERE))
import readme  # noqa: E402
from description import Description, code_of  # noqa: E402
from servers.kept import ROOT  # noqa: E402
from servers.service import API, Mismatch  # noqa: E402
from servers.stores import Stores, serve  # noqa: E402

ROOT_PATHS = ("/livez", "/readyz", "/metrics", "/openapi.json", "/docs", "/api/", "/console")


class Answer:
    def __init__(self, response):
        self.status = response.status
        self.headers = response.headers
        self.text = response.read().decode("utf-8", errors="replace")
        self.body = self.parse()

    def parse(self):
        try:
            return json.loads(self.text)
        except ValueError:
            lines = [line for line in self.text.splitlines() if line]
            try:
                return [json.loads(line) for line in lines]
            except ValueError:
                return None


def value_at(answer, path):
    if path == ".":
        return answer.text
    if path.startswith("@"):
        return answer.headers.get(path[1:])
    value = answer.body
    for name, index in re.findall(r"([A-Za-z_][\w-]*)|\[(-?\d+)\]", path):
        value = value[int(index)] if index else value[name]
    return value


def match_text(expected, actual):
    if expected == "*":
        return actual is not None
    if expected.startswith("~"):
        return isinstance(actual, str) and re.search(expected[1:], actual) is not None
    return expected == actual


def differences(expected, actual, path="body"):
    """The first place where `actual` is not as expected, or None."""
    if isinstance(expected, str):
        return None if match_text(expected, actual) else f"{path}: expected {expected!r}, got {actual!r}"
    if isinstance(expected, dict):
        if not isinstance(actual, dict):
            return f"{path}: expected an object, got {actual!r}"
        for name, value in expected.items():
            if value is None and actual.get(name) is None:
                continue
            if name not in actual:
                return f"{path}.{name}: missing; there is {sorted(actual)}"
            found = differences(value, actual[name], f"{path}.{name}")
            if found:
                return found
        return None
    if isinstance(expected, list):
        open_ended = bool(expected) and expected[-1] == "..."
        items = expected[:-1] if open_ended else expected
        if not isinstance(actual, list):
            return f"{path}: expected an array, got {actual!r}"
        if len(actual) < len(items) or (len(actual) > len(items) and not open_ended):
            return f"{path}: expected {len(items)} items, got {len(actual)}: {json.dumps(actual)[:400]}"
        for index, item in enumerate(items):
            found = differences(item, actual[index], f"{path}[{index}]")
            if found:
                return found
        return None
    return None if expected == actual else f"{path}: expected {expected!r}, got {actual!r}"


class Scenario:
    """The state of one run: service, tenant, saved values, the last answer."""

    def __init__(self, path, service, description):
        self.service, self.description = service, description
        self.name = os.path.splitext(os.path.basename(path))[0]
        self.tenant = f"{self.name.replace('_', '-')[:40]}-{secrets.token_hex(3)}"
        self.saved = {"tenant": self.tenant, "unique": secrets.token_hex(4)}
        self.headers, self.request, self.answer, self.answers = {}, None, None, None

    def expand(self, text):
        def replace(found):
            name = found.group(1)
            if name not in self.saved:
                raise Mismatch(f"${name} was not saved")
            return str(self.saved[name])
        return re.sub(r"\$([a-zA-Z_]\w*)", replace, text)

    def send(self, method, path, body, headers):
        connection = http.client.HTTPConnection("127.0.0.1", self.service.port, timeout=30)
        try:
            all_headers = {"X-Tenant-ID": self.tenant} if self.tenant else {}
            if body:
                all_headers["Content-Type"] = "application/merge-patch+json" if method == "PATCH" else "application/json"
            all_headers.update(headers)
            connection.request(method, path, body.encode() if body else None,
                               {k: v for k, v in all_headers.items() if v != "-"})
            answer = Answer(connection.getresponse())
        finally:
            connection.close()
        code = code_of(answer.status, answer.body)
        problem = (self.description.undeclared(method, path, answer.status, code) or
                   self.description.misshapen(method, path, answer.status, answer.headers, answer.body))
        if problem:
            raise Mismatch(problem)
        return answer

    def prepare(self, text):
        method, path, body = (text.split(None, 2) + [None, None])[:3]
        path = self.expand(path)
        if path != "/" and not path.startswith(ROOT_PATHS):
            path = API + path
        return method, path, self.expand(body) if body else None

    def perform(self):
        """Sends the request that is waiting, if any."""
        if self.request is None:
            return
        count, text, headers = self.request
        self.request = None
        method, path, body = self.prepare(text)
        if count == 1:
            self.answer = self.send(method, path, body, headers)
            return
        with concurrent.futures.ThreadPoolExecutor(count) as pool:
            calls = [pool.submit(self.send, method, path, body, headers) for _ in range(count)]
            self.answers = [call.result() for call in calls]

    def expect(self, text):
        self.perform()
        header = re.match(r"([A-Za-z][\w-]*):\s*(.*)$", text)
        if header:
            actual, wanted = self.answer.headers.get(header.group(1)), self.expand(header.group(2))
            if actual is not None if wanted == "-" else not match_text(wanted, actual):
                raise Mismatch(f"header {header.group(1)}: expected {header.group(2)!r}, got {actual!r}")
            return
        if self.answers is not None:
            self.expect_counts(text)
            return
        status, body = (text.split(None, 1) + [None])[:2]
        if self.answer.status != int(status):
            raise Mismatch(f"expected status {status}, got {self.answer.status}: {self.answer.text[:1500]}")
        if body:
            if self.answer.body is None:
                raise Mismatch(f"expected JSON, got {self.answer.text[:400]!r}")
            found = differences(json.loads(self.expand(body)), self.answer.body)
            if found:
                raise Mismatch(f"{found}\n    in {self.answer.text[:1500]}")

    def expect_counts(self, text):
        expected, actual, one_of = {}, {}, {}
        for statuses, count in re.findall(r"(\d{3}(?: or \d{3})*)\s*x(\d+)", text):
            expected[statuses] = int(count)
            one_of.update({int(status): statuses for status in statuses.split(" or ")})
        for answer in self.answers:
            name = one_of.get(answer.status, str(answer.status))
            actual[name] = actual.get(name, 0) + 1
        if actual != expected:
            raise Mismatch(f"expected {expected}, got {actual}; one: {self.answers[-1].text[:400]}")
        self.answer = next((a for a in self.answers if a.status < 300), self.answers[0])
        self.answers = None

    def events(self, text):
        after, expected = text.split(None, 3)[2:4]
        exactly = expected.startswith("exactly ")
        wanted = json.loads(self.expand(expected.removeprefix("exactly ")))
        deadline = time.monotonic() + 10
        while True:
            self.answer = self.send("GET", f"{API}/events?after={self.expand(after)}&limit=500", None,
                                    {"Accept": "application/x-ndjson"})
            got = [json.loads(line) for line in self.answer.text.splitlines() if line]
            remaining = list(wanted)
            for event in got:
                if remaining and differences(remaining[0], event) is None:
                    remaining.pop(0)
            if not remaining and (not exactly or len(got) == len(wanted)):
                self.answer.body = got
                return
            if exactly and len(got) > len(wanted) or time.monotonic() > deadline:
                raise Mismatch(f"not in the feed: {remaining[:1]}, of {len(wanted)}\n    the feed: {json.dumps(got)[:3000]}")
            time.sleep(0.05)

    def wait_job(self, job):
        deadline = time.monotonic() + 60
        while True:
            self.answer = self.send("GET", f"{API}/jobs/{self.expand(job)}", None, {})
            if self.answer.body.get("state") not in ("QUEUED", "RUNNING"):
                return
            if time.monotonic() > deadline:
                raise Mismatch(f"the job did not end: {self.answer.text}")
            time.sleep(0.05)

    def run_line(self, line):
        word = line.split(None, 1)[0]
        if word == "=>":
            self.expect(line[2:].strip())
        elif word == ">":
            name, value = line[1:].split(":", 1)
            self.request[2][name.strip()] = self.expand(value.strip())
        else:
            self.perform()
            self.run_step(word, line)

    def run_step(self, word, line):
        if word in ("GET", "POST", "PATCH", "PUT", "DELETE", "HEAD", "OPTIONS"):
            self.request = (1, line, {})
        elif word == "together":
            _, count, text = line.split(None, 2)
            self.request = (int(count), text, {})
        elif word == "save":
            name, path = line[4:].split("=", 1)
            self.saved[name.strip()] = value_at(self.answer, path.strip())
        elif word == "as":
            tenant = line.split(None, 1)[1]
            self.tenant = None if tenant == "nobody" else f"{tenant}-{self.saved['unique']}"
        elif word == "events":
            self.events(line)
        elif word in ("restart", "kill"):
            self.service.stop(signal.SIGTERM if word == "restart" else signal.SIGKILL)
            self.service.start()
        elif word == "wait":
            self.wait_job(line.split()[2])
        else:
            raise Mismatch(f"unknown step {word!r}")


def read_steps(path):
    """(line number, text) of each step; indented lines belong to the step above."""
    steps = []
    with open(path, encoding="utf-8") as script:
        for number, line in enumerate(script, 1):
            line = line.rstrip("\n")
            if not line.strip() or line.lstrip().startswith("#"):
                continue
            if line[0] in " \t" and steps:
                between = "\n" if steps[-1][1].startswith("POST ") else " "  # rows of a file are lines
                steps[-1] = (steps[-1][0], steps[-1][1] + between + line.strip())
            else:
                steps.append((number, line.strip()))
    return steps


def run_scenario(path, stores, shared, description):
    """Runs one scenario; `shared` is the instance used by all that ask for no flags of their own."""
    steps = read_steps(path)
    flags = [text.split()[1:] for _, text in steps if text.split()[0] == "service"]
    needs_own = bool(flags) or any(text.split()[0] in ("restart", "kill") for _, text in steps)
    if needs_own and stores.kind == "memory":
        return "skip"
    service = shared
    if needs_own:
        options = [os.path.expandvars(flag) for flag in sum(flags, [])]
        service = serve(stores.binary, stores.new(), [f for f in options if f != "no-dev"], "no-dev" not in options)
    scenario = Scenario(path, service, description)
    try:
        for number, text in steps:
            if text.split()[0] == "service":
                continue
            try:
                scenario.run_line(text)
            except (KeyError, TypeError, IndexError, ValueError, OSError) as problem:
                raise Mismatch(f"line {number}: {text[:200]}\n    {type(problem).__name__}: {problem}") from problem
            except Mismatch as problem:
                raise Mismatch(f"line {number}: {text[:200]}\n    {problem}") from problem
        scenario.perform()
    finally:
        if needs_own:
            service.stop()
    return "ok"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--store", choices=("memory", "sqlite", "postgres"), default="sqlite")
    parser.add_argument("--binary", default=os.path.join(ROOT, "build", "customer360"))
    parser.add_argument("names", nargs="*")
    options = parser.parse_args()
    os.environ["SCENARIOS"] = HERE
    paths = sorted(os.path.join(HERE, name) for name in os.listdir(HERE) if name.endswith(".scenario"))
    if options.names:
        paths = [path for path in paths if os.path.splitext(os.path.basename(path))[0] in options.names]
    stores, shared, failed, passed = Stores(options.store, options.binary), None, 0, 0

    def tell(label, problem=None):
        nonlocal failed, passed
        failed, passed = failed + bool(problem), passed + (not problem)
        print(f"not ok - {label} ({options.store})\n  {problem}" if problem else f"ok - {label} ({options.store})", flush=True)

    try:
        shared = serve(options.binary, stores.new())
        description = Description(json.loads(shared.read("/openapi.json")))
        for path in paths:
            try:
                if run_scenario(path, stores, shared, description) == "ok":
                    tell(os.path.splitext(os.path.basename(path))[0])
            except Mismatch as problem:
                tell(os.path.splitext(os.path.basename(path))[0], problem)
        if not options.names:
            tell("the tour of README.md", readme.take_the_tour(shared.port))
        tell("the service stops cleanly", None if shared.stop() == 0 else shared.tail())
    finally:
        if shared:
            shared.kill()
        stores.close()
    print(f"{passed} passed, {failed} failed")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
