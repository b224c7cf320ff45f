#!/usr/bin/python3
"""Walks lists page by page while others write: what was there throughout comes exactly once.

    tests/http/pages.py [--store memory|sqlite|postgres] [--seconds 10] [--binary build/customer360]

Before the walks, customers are made that nobody touches. During them, others are created (with ids before, between and
behind the cursor), moved in and out of the filters, merged and unmerged. Each walk follows the Link header (RFC 8288)
with pages of seven. Whatever the writers do: no row comes twice, none that was there from the beginning to the end is
missing, rows come in order, and Link and `next` agree. Prints TAP.
"""
import argparse
import http.client
import json
import os
import random
import re
import sys
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.join(ROOT, "tests"))
from servers.service import API  # noqa: E402
from servers.stores import Stores, serve  # noqa: E402

STABLE, WRITERS, PAGE = 120, 4, 7
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


class Client:
    def __init__(self, port):
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)

    def ask(self, method, path, body=None):
        """(status, headers, JSON)"""
        self.connection.request(method, path, json.dumps(body) if body is not None else None, {"Content-Type": "application/json"})
        response = self.connection.getresponse()
        text = response.read()
        return response.status, response.headers, json.loads(text) if text else None


def make(client, customer_id, **fields):
    status, _, body = client.ask("POST", f"{API}/customers?onDuplicate=allow", {"customerId": customer_id, **fields})
    if status != 201:
        raise SystemExit(f"{customer_id}: {status} {body}")


class Writer(threading.Thread):
    """Creates, moves, merges and unmerges customers of its own."""

    def __init__(self, port, seed, stop):
        super().__init__(daemon=True)
        self.client, self.random, self.stop, self.changes = Client(port), random.Random(seed), stop, 0

    def run(self):
        own, merge = [], None
        while not self.stop.is_set():
            dice = self.random.random()
            if len(own) < 4 or dice < 0.4:
                own.append("".join(self.random.choices(ALPHABET, k=8)) + f"-{self.changes}")
                self.client.ask("POST", f"{API}/customers?onDuplicate=allow", {"customerId": own[-1], "name": "Walk", "segment": "A", "status": "ACTIVE"})
            elif dice < 0.7:
                patch = {"segment": self.random.choice("AB"), "status": self.random.choice(["ACTIVE", "INACTIVE"])}
                self.client.ask("PATCH", f"{API}/customers/{self.random.choice(own)}", patch)
            elif merge is None:
                target, source = self.random.sample(own, 2)
                status, _, body = self.client.ask("POST", f"{API}/customers/{target}/merge", {"sourceCustomerId": source})
                merge = (target, body["mergeId"]) if status == 200 else None
            else:
                self.client.ask("POST", f"{API}/customers/{merge[0]}/merges/{merge[1]}/reverse")
                merge = None
            self.changes += 1


def walk(client, path, key):
    """(the keys in the order in which they came, what was wrong)"""
    seen, problems = [], []
    target = f"{path}{'&' if '?' in path else '?'}limit={PAGE}"
    while target:
        status, headers, body = client.ask("GET", target)
        if status != 200:
            return seen, [f"{target}: {status} {body}"]
        seen += [item[key] for item in body["items"]]
        link = re.fullmatch(r'<([^>]*)>; rel="next"', headers.get("Link") or "")
        if bool(link) != (body["next"] is not None):
            problems.append(f"{target}: next is {body['next']!r}, Link {headers.get('Link')!r}")
        target = link.group(1) if link else None
    return seen, problems


def check(seen, stable, descending):
    problems = [f"{one} came {seen.count(one)} times" for one in sorted(set(seen), key=str) if seen.count(one) > 1]
    problems += [f"{one} did not come" for one in sorted(stable - set(seen), key=str)]
    if seen != sorted(seen, reverse=descending):
        problems.append("not in order")
    return problems


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--store", choices=("memory", "sqlite", "postgres"), default="sqlite")
    parser.add_argument("--binary", default=os.path.join(ROOT, "build", "customer360"))
    parser.add_argument("--seconds", type=float, default=8)
    parser.add_argument("--seed", type=int, default=int(time.time()) % 100000)
    options = parser.parse_args()
    stores, chance = Stores(options.store, options.binary), random.Random(options.seed)
    service = serve(options.binary, stores.new())
    failed = 0
    try:
        client = Client(service.port)
        stable = {"".join(chance.choices(ALPHABET, k=8)) for _ in range(STABLE)}
        for one in stable:
            make(client, one, name="Walk", segment="A", status="ACTIVE")
        make(client, "versions", name="Versions")
        for number in range(40):
            client.ask("PATCH", f"{API}/customers/versions", {"website": f"https://{number}.example"})
        lists = [("all customers", f"{API}/customers", "customerId", stable, False),
                 ("those of a segment", f"{API}/customers?segment=A", "customerId", stable, False),
                 ("those of a status", f"{API}/customers?status=ACTIVE", "customerId", stable, False),
                 ("versions", f"{API}/customers/versions/versions", "version", set(range(1, 41)), True)]
        stop = threading.Event()
        writers = [Writer(service.port, options.seed + number, stop) for number in range(WRITERS)]
        for writer in writers:
            writer.start()
        for name, path, key, rows, descending in lists:
            deadline, walks, problems = time.monotonic() + options.seconds / len(lists), 0, []
            while not problems and (time.monotonic() < deadline or walks == 0):
                if key == "version":
                    client.ask("PATCH", f"{API}/customers/versions", {"website": f"https://w{walks}.example"})
                seen, problems = walk(client, path, key)
                problems += check(seen, rows, descending)
                walks += 1
            changes = sum(writer.changes for writer in writers)
            failed += bool(problems)
            print(f"{'not ok' if problems else 'ok'} - {name}: {walks} walks during {changes} changes ({options.store}, seed {options.seed})", flush=True)
            print("".join(f"  {problem}\n" for problem in problems[:10]), end="")
        stop.set()
        for writer in writers:
            writer.join(20)
    finally:
        service.stop()
        stores.close()
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
