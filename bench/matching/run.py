#!/usr/bin/env python3
"""The matching engine beside Splink, in one run, on the same files.

    bench/matching/run.py --build build --persons 100000 [--alone 5000000] [--no-peer]

Prints one JSON line per measurement: rows, wall and CPU seconds, peak MB, F1 of the clusters; for
Splink the seconds of its training, prediction and clustering (reading the file is not counted for
it, and is for us) and its best F1 over thresholds; and, last, the ratios. The labelled sets are run
alone. What is missing (Splink, its script, a set) is said and skipped.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import time

SETS = [
    ("historical50k", ["records.csv"], "entity", "h50k"),
    ("febrl3", ["records.csv"], "entity", "febrl3"),
    ("febrl4", ["left.csv", "right.csv"], "matches.csv", None),
    ("fake1000", ["records.csv"], "cluster", "fake1000"),
    ("chicago_earlychildhood", ["records.csv"], "entity", None),
    ("orgs_hard", ["records.csv"], "matches.csv", None),
    ("senzing_truthset", ["records.csv"], "entity", None),
]


def say(**what):
    print(json.dumps(what), flush=True)


def timed(words):
    """Runs a program: seconds, CPU seconds, peak MB and what it wrote."""
    begun = time.perf_counter()
    child = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    output = child.stdout.read()
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    seconds = time.perf_counter() - begun
    return dict(seconds=round(seconds, 3), cpu_seconds=round(usage.ru_utime + usage.ru_stime, 3),
                peak_mb=usage.ru_maxrss // 1024, failed=child.returncode != 0), output


def ours(build, paths, truth):
    program = os.path.join(build, "customer360")
    verb = "link" if len(paths) == 2 else "dedupe"
    runs = [timed([program, verb, *paths, "--output", "/dev/null", "--quiet"])[0] for _ in range(3)]
    best = min(runs, key=lambda run: run["seconds"])
    _, output = timed([program, "evaluate", *paths, "--truth", truth, "--json", "--quiet"])
    scores = json.loads(output) if output else {}
    return dict(best, f1=scores.get("pairs", {}).get("f1"), largest=scores.get("largestFound"))


def venv_python(build):
    python = os.path.join(build, "venv/bin/python")
    if not os.path.exists(python):
        return None
    if subprocess.run([python, "-c", "import splink"], capture_output=True).returncode:
        subprocess.run([python, "-m", "pip", "install", "-q", "splink==5.0.0", "duckdb<2"],
                       capture_output=True)
    works = subprocess.run([python, "-c", "import splink, duckdb"], capture_output=True)
    return python if works.returncode == 0 else None


def peer(python, script, which, folder):
    result, output = timed([python, script, which, folder])
    if result["failed"]:
        return None
    told = json.loads(output.splitlines()[-1])
    best = max(told["cluster"], key=lambda point: point["F1"])
    return dict(seconds=told["times"]["total_train+predict+cluster"], cpu_seconds=told["cpu_s"],
                peak_mb=told["rss_mb"], f1=best["F1"], largest=best["maxcluster"])


def compare(name, we, they):
    say(data=name, engine="customer360", **we)
    if they is None:
        say(data=name, engine="splink", skipped=True)
        return
    say(data=name, engine="splink", **they)
    say(data=name, times_faster=round(they["seconds"] / we["seconds"], 1),
        part_of_memory=round(we["peak_mb"] / they["peak_mb"], 3),
        f1_gained=round((we["f1"] or 0) - they["f1"], 4))


def generated(build, kind, rows, folder):
    path = os.path.join(folder, "records.csv")
    os.makedirs(folder, exist_ok=True)
    with open(path, "wb") as file:
        subprocess.run([os.path.join(build, "programs/matching_generate"), kind, str(rows), "7"],
                       stdout=file, check=True)
    return path


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", default="build")
    parser.add_argument("--data", default="../shared/data/er")
    parser.add_argument("--peer", default="../shared/peers/splink_run.py")
    parser.add_argument("--persons", type=int, default=100000)
    parser.add_argument("--alone", type=int, action="append", default=[])
    parser.add_argument("--no-peer", action="store_true")
    arguments = parser.parse_args()
    python = None if arguments.no_peer or not os.path.exists(arguments.peer) \
        else venv_python(arguments.build)
    if python is None:
        print(f"bench-matching: NOT COMPARED: Splink, or the script {arguments.peer} that runs it, is not there; "
              "a script of yours is named with MATCHING_PEER=FILE (--peer)", file=sys.stderr)
    missing = 0
    for name, files, truth, which in SETS:
        folder = os.path.join(arguments.data, name)
        paths = [os.path.join(folder, f) for f in files]
        if not os.path.exists(paths[0]):
            print(f"bench-matching: {folder} is not there: skipped", file=sys.stderr)
            missing += 1
            continue
        if truth.endswith(".csv"):
            truth = os.path.join(folder, truth)
        they = peer(python, arguments.peer, which, arguments.data) if python and which else None
        compare(name, ours(arguments.build, paths, truth), they)
    if missing:
        print(f"bench-matching: NOT MEASURED: {missing} of {len(SETS)} labelled sets are not in {arguments.data}. They are public: "
              "docs/matching.md, \"Where the sets are\"; name their folder with MATCHING_DATA=FOLDER (--data)", file=sys.stderr)
    work = os.path.join(arguments.build, "bench")
    if arguments.persons:
        name = f"febrl_generated_{arguments.persons}"
        path = generated(arguments.build, "persons", arguments.persons, os.path.join(work, name))
        they = peer(python, arguments.peer, name, work) if python else None
        compare(name, ours(arguments.build, [path], "entity"), they)
    for rows in arguments.alone:
        name = f"generated_{rows}"
        path = generated(arguments.build, "contacts", rows, os.path.join(work, name))
        program = os.path.join(arguments.build, "customer360")
        result, _ = timed([program, "dedupe", path, "--output", "/dev/null", "--quiet"])
        say(data=name, engine="customer360", **result)
        os.unlink(path)


main()
