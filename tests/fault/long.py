#!/usr/bin/python3
"""The fault runs for long, one after the other, and their last results in docs/operating.md.

    build/venv/bin/python3 tests/fault/long.py [--cycles 200] [--minutes 0] [NAME...]     all, or some; --list names them

With --minutes no run begins a cycle later than that; the table says how many there were. What a run printed is in
build/faults-long/NAME.log. Exit status 1 when one found something.
"""
import argparse
import os
import re
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
PAGE = os.path.join(ROOT, "docs", "operating.md")
BEGIN, END = "<!-- faults begin -->", "<!-- faults end -->"
CLUSTER = ["--brokers", "3"]

# name: program, what it is given
RUNS = {
    "relay-sqlite": ("relay.py", ["--store", "sqlite", *CLUSTER]),
    "relay-postgres": ("relay.py", ["--store", "postgres", *CLUSTER]),
    "relay-kafka-3.9": ("relay.py", ["--store", "postgres", "--kafka", "3.9", *CLUSTER]),
    "consumer-sqlite": ("consumer.py", ["--store", "sqlite", *CLUSTER]),
    "consumer-postgres": ("consumer.py", ["--store", "postgres", *CLUSTER]),
    "consumer-kafka-3.9": ("consumer.py", ["--store", "postgres", "--kafka", "3.9", *CLUSTER]),
    "webhooks-sqlite": ("webhooks.py", ["--store", "sqlite"]),
    "webhooks-postgres": ("webhooks.py", ["--store", "postgres"]),
    "service-sqlite": ("run.py", ["--store", "sqlite"]),
    "service-postgres": ("run.py", ["--store", "postgres"]),
}
LAST = re.compile(r"^ok - (\d+) (?:faults: |kills )(.*?)(?: \((?:sqlite|postgres).*\))?$", re.M)


def run(name, options):
    """(faults, what was found)"""
    program, more = RUNS[name]
    directory = os.path.join(options.build, "faults-long")
    os.makedirs(directory, exist_ok=True)
    command = [sys.executable, os.path.join(HERE, program), *more, "--binary", os.path.join(options.build, "fault", "customer360"),
               "--cycles", str(options.cycles), "--minutes", str(options.minutes)]
    path = os.path.join(directory, f"{name}.log")
    with open(path, "w", encoding="utf-8") as log:
        done = subprocess.run(command, check=False, stdout=log, stderr=subprocess.STDOUT)
    with open(path, encoding="utf-8") as log:
        text = log.read()
    found = LAST.findall(text)
    if done.returncode == 0 and found:
        return True, *found[-1]
    wrong = re.findall(r"^not ok - (.*)$", text, re.M)
    return False, str(len(re.findall(r"^# cycle", text, re.M))), f"**failed**: {(wrong or ['see the log'])[0]}"


def put_in(rows):
    """Rows of the table by the name of the run; those of others stay."""
    with open(PAGE, encoding="utf-8") as page:
        before, table, after = re.split(f"{BEGIN}\n|{END}\n", page.read())
    head, kept = table.splitlines()[:2], {line.split("`")[1]: line for line in table.splitlines()[2:]}
    kept |= rows
    lines = head + [kept[name] for name in RUNS if name in kept]
    with open(PAGE, "w", encoding="utf-8") as page:
        page.write(before + BEGIN + "\n" + "\n".join(lines) + "\n" + END + "\n" + after)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default=os.path.join(ROOT, "build"))
    parser.add_argument("--cycles", type=int, default=200)
    parser.add_argument("--minutes", type=float, default=0)
    parser.add_argument("--list", action="store_true")
    parser.add_argument("names", nargs="*", metavar="NAME")
    options = parser.parse_args()
    if unknown := set(options.names) - set(RUNS):
        parser.error(f"there is no {' '.join(unknown)}; there are {' '.join(RUNS)}")
    options.build = os.path.abspath(options.build)
    if options.list:
        print("\n".join(RUNS))
        return 0
    good = True
    for name in options.names or RUNS:
        began = time.monotonic()
        fine, faults, found = run(name, options)
        minutes = (time.monotonic() - began) / 60
        print(f"{'ok' if fine else 'not ok'} - {name}: {faults} faults, {found} # {minutes:.0f} minutes", flush=True)
        put_in({name: f"| `{name}` | {faults} | {found} | {time.strftime('%Y-%m-%d', time.gmtime())} |"})
        good = good and fine
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
