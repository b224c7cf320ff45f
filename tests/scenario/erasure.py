#!/usr/bin/python3
"""Erases a customer whose every value bears a mark, and looks for the mark in every table.

    tests/scenario/erasure.py [--store sqlite|postgres] [--binary build/customer360]

The tables are asked from the database itself: a new one is looked into without being named here. Also
looked into: the change feed and an export. Prints TAP.
"""
import argparse
import os
import sqlite3
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from codes import Api  # noqa: E402
from servers.kept import ROOT  # noqa: E402
from servers.service import API, Mismatch  # noqa: E402
from servers.stores import Stores, serve  # noqa: E402

# With a letter that no id has, and digits that no time has.
MARK, DIGITS = "zuqx", "90909090"


def marked_customer(api, number, **more):
    mark = f"{MARK}{number}"
    return api.make("/customers", {
        "name": f"{mark} Name", "kind": "PERSON", "segment": mark, "website": f"https://{mark}.example",
        "emails": [f"{mark}@mail.example"], "phones": [f"+4930{DIGITS}{number}"], "language": "de",
        "identifiers": [{"type": "TAX_ID", "value": mark, "country": "DE"}],
        "addresses": [{"line1": f"{mark} Street", "city": mark, "country": "DE"}],
        "preferences": {"nickname": mark},
        "contacts": [{"name": f"{mark} Contact", "email": f"c{mark}@mail.example", "role": "BILLING"}], **more})["customerId"]


def change(api, customer):
    for number in range(3):
        api.ask("PATCH", f"{API}/customers/{customer}",
                {"name": f"{MARK} Changed {number}", "emails": [f"{MARK}changed{number}@mail.example"]})
    contact = api.make(f"/customers/{customer}/contacts", {"name": f"{MARK} Other", "phone": f"+4930{DIGITS}77"})
    api.ask("PATCH", f"{API}/customers/{customer}/contacts/{contact['contactId']}", {"name": f"{MARK} Another"})
    api.make(f"/customers/{customer}/consent", {"type": "EMAIL", "status": "REVOKED", "contactPoint": f"{MARK}1@mail.example"})
    api.make(f"/customers/{customer}/consent", {"type": "SMS", "status": "GRANTED", "evidence": {"form": MARK, "ip": "192.0.2.1"}})


def merge(api, target, source, reverse, reason=f"{MARK} reason"):
    made = api.make(f"/customers/{target}/merge", {"sourceCustomerId": source, "mergeReason": reason})
    if reverse:
        api.make(f"/customers/{target}/merges/{made['mergeId']}/reverse", None)


def wait(api, job):
    deadline = time.monotonic() + 30
    while api.ask("GET", f"{API}/jobs/{job}")[1]["state"] in ("QUEUED", "RUNNING"):
        if time.monotonic() > deadline:
            raise Mismatch("a job does not end")
        time.sleep(0.05)


def undo_import(api, customer, word, edited):
    """What it said is kept, and nobody says it any more; another of its rows stays in its report. Who was edited since is not gone."""
    rows = (f'{{"customerId":"{customer}","key":"{word}key","name":"{word} Undone","emails":["{word}@mail.example"]}}\n'
            f'{{"customerId":"{customer}-x","key":"{word}other","name":"{word} Undone","emails":["nonsense"]}}\n')
    job = api.make("/imports?source=erp&keyColumn=key&onDuplicate=allow", rows, Content_Type="application/x-ndjson")["jobId"]
    wait(api, job)
    if edited:
        api.ask("PATCH", f"{API}/customers/{customer}", {"status": "INACTIVE"})
    wait(api, api.make(f"/imports/{job}/undo", None)["jobId"])


def live_a_life(api):
    """A marked customer that had every kind of dealing with others; the others bear no mark."""
    main, partner, last = marked_customer(api, 1), api.make("/customers", {"name": "Partner"})["customerId"], \
        api.make("/customers", {"name": "Last"})["customerId"]
    change(api, main)
    merge(api, main, marked_customer(api, 2), reverse=False)
    merge(api, main, marked_customer(api, 3), reverse=False)
    # A partner that was its survivor, and was merged itself meanwhile: keys were left with both.
    merge(api, partner, main, reverse=False)
    merge(api, last, partner, reverse=False, reason="DUPLICATE")
    merges = api.ask("GET", f"{API}/customers/{last}/merges")[1]["items"]
    made = [item["mergeId"] for item in merges if item["sourceCustomerId"] == main][0]
    api.make(f"/customers/{last}/merges/{made}/reverse", None)
    merge(api, main, api.make("/customers", {"name": "Sibling"})["customerId"], reverse=True)
    api.make(f"/customers/{main}/relationships", {"type": "PARTNER_OF", "customerId": last})
    api.make(f"/customers/{last}/relationships", {"type": "PARENT_OF", "customerId": main})
    line = f'{{"customerId":"IMP-1","key":"{MARK}key","name":"{MARK} Imported","emails":["{MARK}i@mail.example"]}}\n'
    wait(api, api.make("/imports?source=erp&keyColumn=key", line, Content_Type="application/x-ndjson")["jobId"])
    merge(api, main, "IMP-1", reverse=False)
    undo_import(api, "IMP-2", f"{MARK}undone", edited=True)
    merge(api, main, "IMP-2", reverse=False)
    change(api, main)
    refuse_rows(api)
    return main


OTHERS = "Somebody Else"  # who is refused, too, and stays in the report


def refuse_rows(api):
    """Rows of an import that were refused, and stand in its report: one is a duplicate of the customer, the others are not in order."""
    rows = (f"{MARK} Changed 2,{MARK}changed2@mail.example,\n{MARK}1 Name,nonsense,\n\"Name, {MARK.upper()}1\",nonsense,\n"
            f"No Name,nonsense,030 / 90 90 90 901\n,{MARK}2@MAIL.example,\n{OTHERS},nonsense,\n")
    job = api.make("/imports?onDuplicate=reject", "name,emails,phones\n" + rows, Content_Type="text/csv")["jobId"]
    wait(api, job)
    text = str(api.ask("GET", f"{API}/jobs/{job}/errors")[1])
    if text.lower().count(MARK) < 4 or OTHERS not in text:
        raise Mismatch(f"the rows were not refused: {text}")


def rows_of(stores, url):
    """(table, row as text) of every table."""
    if stores.server:
        name = url.rsplit("/", 1)[1]
        for table in stores.server.sql("select tablename from pg_tables where schemaname = 'public'", name).split():
            yield from ((table, row) for row in stores.server.sql(f"select t::text from {table} t", name).splitlines())
        return
    connection = sqlite3.connect(url.split(":", 1)[1])
    for (table,) in connection.execute("select name from sqlite_master where type = 'table'").fetchall():
        yield from ((table, repr(row)) for row in connection.execute(f'select * from "{table}"'))
    connection.close()


def marks(rows):
    return [f"{where}: {text[:300]}" for where, text in rows if MARK in text.lower() or DIGITS in text]


def outside(api):
    """What the service still tells."""
    job = api.make("/exports", None)["jobId"]
    wait(api, job)
    for where in (f"/jobs/{job}/result", "/events?limit=10000", "/customers", "/jobs"):
        answer = api.ask("GET", API + where, Accept="application/x-ndjson, application/json")[1]
        yield where, str(answer)


def erase_removed(api):
    """One whom nobody speaks of any more, for the import was undone."""
    undo_import(api, "GONE-1", f"{MARK}gone", edited=False)
    if api.ask("GET", f"{API}/customers/GONE-1")[0] != 404:
        raise Mismatch("an undone import left its customer")
    told = api.make("/privacy/erasures", {"customerId": "GONE-1", "suppress": True})
    if told["suppressedContactPoints"] != 1:
        raise Mismatch(f"the address that the undone import gave is not suppressed: {told}")
    if api.ask("GET", f"{API}/customers/GONE-1")[0] != 410:
        raise Mismatch("an erased customer is not gone")


def run(store, binary):
    stores = Stores(store, binary)
    url = stores.new()
    service = serve(binary, url, ["--identity-gateway-peers", "127.0.0.1/32"], dev=False)
    try:
        api = Api(service)
        main = live_a_life(api)
        time.sleep(0.5)  # the feed is numbered a moment later
        if not marks(outside(api)):
            raise Mismatch("the mark was never there: this test shows nothing")
        before = len(api.ask("GET", f"{API}/customers")[1]["items"])
        api.make("/privacy/erasures", {"customerId": main})
        erase_removed(api)
        found = marks(outside(api))
        after = len(api.ask("GET", f"{API}/customers")[1]["items"])
        service.stop()
        if not any(OTHERS in text for _, text in rows_of(stores, url)):
            found.append("a row of somebody else is gone from a report")
        return found + marks(rows_of(stores, url)) + ([] if after == before - 1 else [f"{before} customers became {after}"])
    finally:
        service.stop()
        stores.close()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--store", choices=("sqlite", "postgres"), default="sqlite")
    parser.add_argument("--binary", default=os.path.join(ROOT, "build", "customer360"))
    options = parser.parse_args()
    found = run(options.store, options.binary)
    for line in found:
        print(f"  {line}")
    print(f"{'not ok' if found else 'ok'} - nothing of an erased customer is in any table ({options.store})")
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
