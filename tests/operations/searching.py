#!/usr/bin/python3
"""Searches of a base that is large, written to meanwhile, or older than the index; on both stores.

    tests/operations/searching.py [--binary build/customer360] [NAME...]

Prints TAP. Exit status 1 when one failed.
"""
import json
import os
import sqlite3
import sys
import time
import urllib.parse

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
import harness  # noqa: E402
from harness import run, service, write  # noqa: E402
from servers.postgres import MIGRATOR, PostgresServer  # noqa: E402
from servers.service import API  # noqa: E402

SERVER = None
NAMESAKES = 2300  # more than a page looks at
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
TABLES = ("search_backlog", "search_block", "search_home", "search_new", "search_segment")


def migrations_of_the_index(engine):
    """As they ran on a base of before; those after them do not touch its tables."""
    for name in ("0047_search.sql", f"{engine}/0048_search_entries.sql", "0100_search_segment_changed.sql"):
        with open(os.path.join(ROOT, "sql", "migrations", name), encoding="utf-8") as file:
            yield file.read()


class Postgres:
    def __init__(self):
        self.url = SERVER.new_database(harness.BINARY)
        self.database = self.url.rsplit("/", 1)[1]
        self.flags = ["--store", self.url, "--privacy-suppression-key-file", write("key", "000102030405060708090a0b0c0d0e0f\n")]

    def make_old(self):
        SERVER.sql(f"drop table {', '.join(TABLES)} cascade; drop function search_backlog_tenant cascade; drop sequence search_number; "
                   f"set role {MIGRATOR}; " + "".join(migrations_of_the_index("postgres")), self.database)
        run("migrate", "--store-migration-url", SERVER.url(self.database, MIGRATOR), "--store-runtime-role", "customer360_app")

    def left(self):
        return int(SERVER.sql("select count(*) from search_backlog", self.database))


class Embedded:
    flags = ["--store", "sqlite:a.db"]

    def change(self, *statements):
        with sqlite3.connect("a.db") as db:
            return [db.execute(statement).fetchall() for statement in statements][-1]

    def make_old(self):
        self.change(*(f"drop table {table}" for table in TABLES))
        with sqlite3.connect("a.db") as db:
            for text in migrations_of_the_index("sqlite"):
                db.executescript(text)

    def left(self):
        return self.change("select count(*) from search_backlog")[0][0]


def namesakes(count):
    return write("all.ndjson", "".join(json.dumps({"customerId": f"C-{n:05d}", "name": "Anna Schmidt", "kind": "PERSON",
                                                   "segment": "GOLD" if n % 100 == 0 else "SMB"}) + "\n" for n in range(count)))


def page(api, cursor=None, **query):
    query = {**query, **({"cursor": cursor} if cursor else {})}
    status, answer = api.request("GET", f"{API}/customers?{urllib.parse.urlencode(query)}")
    assert status == 200, answer
    return [item["customerId"] for item in answer["items"]], answer.get("next")


def is_complete(api, **query):
    _, answer = api.request("GET", f"{API}/customers?{urllib.parse.urlencode(query)}")
    return answer["complete"]


def pages(api, between=lambda number: None, **query):
    """All that a search lists, page by page."""
    seen, cursor, number = [], None, 0
    while True:
        ids, cursor = page(api, cursor, **query)
        seen += ids
        between(number)
        number += 1
        assert number < 1000
        if not cursor:
            return seen


def post(api, path, body):
    status, answer = api.request("POST", API + path, json.dumps(body), Content_Type="application/json")
    assert status in (200, 201), answer
    return answer


def check_pages(store):
    run("import", namesakes(NAMESAKES), "--on-duplicate", "allow", *store.flags)
    everybody = {f"C-{n:05d}" for n in range(NAMESAKES)}
    changed, added = set(), set()
    with service("--dev", *store.flags) as api:
        for n in range(40, 60):  # each has two entries and more, and one of two homes
            post(api, f"/customers/C-{n:05d}/merge", {"sourceCustomerId": f"C-{n + 1000:05d}"})
            everybody.discard(f"C-{n + 1000:05d}")

        def write_between(number):
            for i in range(3):
                added.add(post(api, "/customers?onDuplicate=allow", {"name": "Anna Schmidt"})["customerId"])
                n = (number * 37 + i * 601) % 1000 + 60
                status, _ = api.request("PATCH", f"{API}/customers/C-{n:05d}", json.dumps({"website": f"https://{number}.example"}),
                                        Content_Type="application/merge-patch+json")
                assert status == 200
                changed.add(f"C-{n:05d}")
        for query in ({"q": "anna schmidt", "limit": 100}, {"name": "schmid", "limit": 300}):
            seen = pages(api, write_between, **query)
            still = [customer for customer in seen if customer not in changed and customer not in added]
            assert len(still) == len(set(still)), f"{len(still) - len(set(still))} twice"
            assert set(still) == everybody - changed, (len(still), len(everybody - changed))
        calm = pages(api, q="anna schmidt", limit=500)
        assert len(calm) == len(set(calm)) and set(calm) == everybody | added
        assert is_complete(api, q="anna schmidt") and is_complete(api, q="anna schmidt", segment="GOLD")
        assert not is_complete(api, q="anna schmidt", sort="name"), "the thousand best are not all"
        assert is_complete(api, q="C-00001", sort="name")
        few = pages(api, q="anna schmidt", segment="GOLD", limit=7)
        assert sorted(few) == sorted(f"C-{n:05d}" for n in range(0, NAMESAKES, 100)), few


def test_everybody_of_one_name_is_listed_once_while_others_are_written():
    check_pages(Embedded())


def test_the_same_on_postgresql():
    check_pages(Postgres())


def test_entries_that_an_import_left_are_in_a_segment_while_others_search():
    store = Postgres()
    run("import", namesakes(300), "--on-duplicate", "allow", *store.flags)
    with service("--dev", *store.flags) as api:
        deadline = time.monotonic() + 60
        while int(SERVER.sql("select count(*) from search_new", store.database)) > 16:
            assert time.monotonic() < deadline, "every search reads them"
            for _ in range(20):
                page(api, q="schmidt")
        assert len(pages(api, q="schmidt", limit=500)) == 300


def check_old_base(store):
    run("import", namesakes(700), "--on-duplicate", "allow", *store.flags)
    store.make_old()
    with service("--dev", *store.flags) as api:
        deadline = time.monotonic() + 60
        while len(seen := pages(api, q="schmidt", limit=500)) < 700:
            assert time.monotonic() < deadline, len(seen)
            time.sleep(0.1)
        assert len(set(seen)) == 700
        new = post(api, "/customers", {"name": "Bertha Krause"})["customerId"]
        assert page(api, q="krause") == ([new], None)
        assert api.stop() == 0
    assert store.left() == 0
    with service("--dev", *store.flags) as api:
        assert len(pages(api, q="schmidt", limit=500)) == 700


def test_a_base_from_before_the_index_is_indexed_beside_the_service():
    check_old_base(Embedded())


def test_a_base_from_before_the_index_on_postgresql():
    check_old_base(Postgres())


if __name__ == "__main__":
    SERVER = PostgresServer(["fsync=off"])
    try:
        harness.BINARY = next((os.path.abspath(sys.argv[i + 1]) for i, a in enumerate(sys.argv) if a == "--binary"), harness.BINARY)
        harness.main(globals())
    finally:
        SERVER.stop()
