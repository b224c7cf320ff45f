#!/usr/bin/python3
"""Runs the measures and says of each bar whether it is met.

    bench/bars.py short    about a quarter of an hour; what `make bench` does
    bench/bars.py long     with millions of customers, some hours; `make bench-long`

Prints what the measures print (JSON lines), and last a table: what is measured, the figure, the bar, and how much of the
processors' time others had taken from this machine meanwhile (a virtual machine's "stolen" time), for with much of it no figure counts.
"""
import json
import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))

# What a line has to say to be meant; the figure's name in it; the bar.
LOOKUP = [({"measure": "lookup sqlite"}, "ratio_to_nginx_one_worker", ">=", 1.0), ({"measure": "lookup sqlite"}, "p99_ms", "<", 2)]
LOOKUP_POSTGRES = [({"measure": "lookup postgres"}, "ratio_to_nginx_one_worker", ">=", 0.5), ({"measure": "lookup postgres"}, "p99_ms", "<", 3)]
SEARCHES = ("name", "contact", "one typo", "as you type", "phone", "e-mail", "name and city", "customers of a frequent word")


def searches(store):
    bars = [({"measure": f"search {store}", "kind": kind}, "median_per_second", ">=", 2000) for kind in SEARCHES]
    bars += [({"measure": f"search {store}", "kind": kind}, "offered_p99_ms", "<", 10 if kind == "as you type" else 20) for kind in SEARCHES]
    return bars + [({"measure": f"search index {store}"}, "ratio", "<=", 2)]


MEASURES = {
    "short": [
        ("run.py start", [({"measure": "start"}, "median_ms_to_ready", "<", 100), ({"measure": "start"}, "median_idle_mib", "<", 50)]),
        ("run.py lookup --profiles 200000 --seconds 5", LOOKUP),
        ("run.py lookup --store postgres --profiles 50000 --seconds 5", LOOKUP_POSTGRES),
        ("run.py create --seconds 5", [({"measure": "create sqlite"}, "median_per_second", ">=", 5000)]),
        ("run.py create --store postgres --seconds 5", [({"measure": "create postgres"}, "median_per_second", ">=", 3000)]),
        ("run.py import --profiles 200000", [({"measure": "import sqlite"}, "per_second", ">=", 20000)]),
        ("run.py import --store postgres --profiles 20000", []),
        ("run.py upsert --profiles 100000", [({"measure": "import by key sqlite"}, "per_second", ">=", 15000)]),
        ("run.py search --profiles 200000 --warm 20 --seconds 3", searches("sqlite")),
        ("run.py match --seconds 5", [({"measure": "match sqlite", "connections": 64}, "median_per_second", ">=", 2000),
                                      ({"measure": "match sqlite", "connections": 1}, "median_p99_ms", "<", 5)]),
        ("run.py overload --seconds 10", [({"measure": f"overload {kind} sqlite"}, "p99_ratio", "<", 5) for kind in ("create", "search")]),
        ("run.py connections", []),
        ("run.py publish --seconds 5", [({"measure": "publish"}, "events_per_second", ">=", 20000), ({"measure": "publish latency at 1000/s"}, "p95_ms", "<", 100)]),
        ("run.py consume --store postgres --rounds 1", [({"measure": "consume", "form": form}, "messages_per_second", ">=", 5000) for form in ("json", "avro")]),
        ("run.py webhooks", [({"measure": "webhooks"}, "deliveries_per_second", ">=", 2000)]),
        ("run.py background --rounds 1 --seconds 5", [({"measure": "background"}, "ratio", "<", 1.5)]),
        ("run.py instances --seconds 4", [({"measure": f"instances {what}"}, "ratio_two_to_one", ">=", 1.0) for what in ("look-ups", "creates")]),
        ("run.py traces --seconds 2", []),
        ("run.py history", []),
    ],
    "long": [
        ("run.py lookup --profiles 1000000", LOOKUP),
        ("run.py lookup --store postgres --profiles 1000000", LOOKUP_POSTGRES),
        ("run.py flat", [({"measure": "flat"}, "slowest_to_fastest", ">=", 0.8)]),
        ("run.py import --profiles 1000000", [({"measure": "import sqlite"}, "per_second", ">=", 20000)]),
        ("run.py search --profiles 1000000 --warm 40", searches("sqlite")),
        ("run.py search --store postgres --profiles 1000000 --warm 60", searches("postgres")),
        ("run.py match --profiles 10000000 --seconds 5", [({"measure": "match sqlite", "connections": 64}, "median_per_second", ">=", 2000),
                                                          ({"measure": "match sqlite", "connections": 1}, "median_p99_ms", "<", 5)]),
        ("run.py overload --store postgres --seconds 10", [({"measure": f"overload {kind} postgres"}, "p99_ratio", "<", 5) for kind in ("create", "search")]),
    ],
}


def processor_times():
    with open("/proc/stat", encoding="ascii") as stat:
        times = [int(field) for field in stat.readline().split()[1:9]]
    return times[7], sum(times)


def measure(command):
    """The JSON lines that it printed, and the share of stolen time."""
    lines, (stolen, all_time) = [], processor_times()
    print(f"# bench/{command}", flush=True)
    script, *arguments = command.split()
    with subprocess.Popen([sys.executable, os.path.join(HERE, script), *arguments], stdout=subprocess.PIPE, text=True) as running:
        for line in running.stdout:
            print(line, end="", flush=True)
            if line.startswith("{"):
                lines.append(json.loads(line))
    if running.returncode != 0:
        print(f"# bench/{command} failed: {running.returncode}", flush=True)
    now_stolen, now_all = processor_times()
    return lines, (now_stolen - stolen) / max(now_all - all_time, 1)


def figure(lines, meant, name):
    """The last that was said."""
    found = [line[name] for line in lines if name in line and all(line.get(key) == value for key, value in meant.items())]
    return found[-1] if found else None


def is_met(value, sign, bar):
    return {">=": value >= bar, "<": value < bar, "<=": value <= bar}[sign]


def main():
    if len(sys.argv) != 2 or sys.argv[1] not in MEASURES:
        sys.exit(__doc__)
    rows = []
    for command, bars in MEASURES[sys.argv[1]]:
        lines, stolen = measure(command)
        for meant, name, sign, bar in bars:
            value = figure(lines, meant, name)
            verdict = "NOT MEASURED" if value is None else "met" if is_met(value, sign, bar) else "MISSED"
            rows.append((" ".join(str(word) for word in meant.values()), name, str(value), f"{sign} {bar}", verdict, f"{stolen:.0%} stolen"))
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip())


if __name__ == "__main__":
    main()
