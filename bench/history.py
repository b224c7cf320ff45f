"""`bench/run.py history`: the 360 view of a customer of whom neighbours told very much, beside one of whom they told nothing.

A hundred thousand facts, nine in ten of service orders, two to an order, in a tree of two homes. They are put into the table as the
service would have: what is measured is reading. Medians of what a request takes and of the service's CPU time for it, and the most
memory that the process had.
"""
import json
import re
import statistics
import subprocess
import time
import urllib.request

import tools

FACTS = 100_000
ROUTES = ("timeline", "timeline?type=CONTRACT", "service-orders", "service-orders?limit=500", "entitlements", "credit")
ROWS = """insert into fact (tenant_id, home_id, fact_no, kind, subject, source, observed_at, recorded_at, actor, body)
with recursive numbers (n) as (select cast(1 as bigint) union all select n + 1 from numbers where n < {facts})
select 'bench', case when n % 3 = 0 then 'CUST-B' else 'CUST-A' end, -1000000000000 + n,
       case when n % 10 = 0 then 'CONTRACT' else 'SERVICE_ORDER' end, 'S-' || (n * 7919 % {things}), 'bench',
       1700000000000000 + n * 1000000, 1700000000000000 + n * 1000000, 'bench',
       case when n % 10 = 0 then '{{"planId":"GOLD","startDate":"2025-01-01"}}' else '{{"priority":"HIGH","status":"OPEN"}}' end
from numbers"""


def ask(service, stage, method, path, body=None):
    request = urllib.request.Request(f"http://127.0.0.1:{service.port}/api/v1/crm/{path}", method=method,
                                     data=json.dumps(body).encode() if body else None,
                                     headers={"Authorization": f"Bearer {stage.token}", "Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=120) as answer:
        return answer.read()


def fill(stage):
    rows = ROWS.format(facts=FACTS, things=FACTS // 2)
    if stage.server:
        stage.server.sql(rows + "; analyze fact", stage.url.rsplit("/", 1)[1])
        return
    subprocess.run(["python3", "-c", "import sqlite3, sys; db = sqlite3.connect(sys.argv[1], timeout=60); db.execute(sys.argv[2]); db.commit()",
                    stage.url.split(":", 1)[1], rows], check=True)


def measure(options):
    stage = tools.Stage(options.store)
    try:
        service = stage.serve()
        for name in ("A", "B", "C"):
            ask(service, stage, "POST", "customers", {"customerId": f"CUST-{name}", "name": f"{name * 5} Works"})
        ask(service, stage, "POST", "customers/CUST-A/merge", {"sourceCustomerId": "CUST-B"})
        fill(stage)
        for route in ROUTES:
            times = {"CUST-A": [], "CUST-C": []}
            before = tools.cpu_seconds(service.process.pid) * 1000
            for _ in range(3 * options.rounds):
                for customer, took in times.items():
                    began = time.monotonic()
                    ask(service, stage, "GET", f"customers/{customer}/{route}")
                    took.append((time.monotonic() - began) * 1000)
            tools.report(measure=f"history {route}", store=options.store, facts=FACTS, median_ms=round(statistics.median(times["CUST-A"]), 1),
                         median_ms_without=round(statistics.median(times["CUST-C"]), 1),
                         cpu_ms_of_both=round((tools.cpu_seconds(service.process.pid) * 1000 - before) / (3 * options.rounds), 1))
        with open(f"/proc/{service.process.pid}/status", encoding="utf-8") as status:
            tools.report(measure="history memory", store=options.store, peak_mib=int(re.search(r"VmHWM:\s+(\d+)", status.read()).group(1)) // 1024)
        service.stop()
    finally:
        stage.close()
