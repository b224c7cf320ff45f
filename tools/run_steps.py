#!/usr/bin/env python3
"""Runs the steps of `make test`, each a make target, and adds up what they report.

    run_steps.py [--build build] [--limit-s 1800] [--together 2] [--alone STEP]... [--light STEP]... STEP...

Steps begin in the order given, as many at a time as --together says; one that is named by --alone waits until
all before it have ended, and none begins beside it. One that is named by --light computes little: these run one after the
other beside the rest, whatever --together says. Most other steps keep one processor busy at most: the tests of a program run
one after the other, and a service that was killed is waited for.

A step reports by lines "N passed, N failed[, N skipped]" or, when it has none, by TAP lines ("ok 1 -
name", "not ok 2 - name", "ok 3 - name # SKIP why"). A step without either counts as one test, and one
that ends with an error or too late has failed even if no line says so. What a step printed is in
BUILD/test-logs/STEP.log; the end of it is shown when it fails. The last line is
"N passed, N failed[, N skipped]"; it is in BUILD/test-logs/summary as well.
"""

import argparse
import os
import pathlib
import re
import signal
import subprocess
import sys
import threading
import time

SUMMARY = re.compile(r"^(\d+) passed, (\d+) failed(?:, (\d+) skipped)?$", re.M)
TAP_OK = re.compile(r"^ok\b(?!.*# SKIP)", re.M | re.I)
TAP_SKIP = re.compile(r"^ok\b.*# SKIP", re.M | re.I)
TAP_NOT_OK = re.compile(r"^not ok\b", re.M)
SHOWN_LINES = 150


def count(output, status):
    """(passed, failed, skipped)"""
    found = SUMMARY.findall(output)
    if found:
        passed, failed, skipped = (sum(int(row[i] or 0) for row in found) for i in range(3))
    else:
        passed = len(TAP_OK.findall(output))
        failed = len(TAP_NOT_OK.findall(output))
        skipped = len(TAP_SKIP.findall(output))
    if status != 0 and failed == 0:
        failed = 1
    if passed + failed + skipped == 0:
        passed = 1
    return passed, failed, skipped


def run(step, log, options, started):
    """The exit status, and the seconds of a processor that it took; what the step starts dies with it."""
    environment = {name: value for name, value in os.environ.items()
                   if name not in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL", "MAKEOVERRIDES")}
    command = [options.make, "--no-print-directory", f"-j{os.cpu_count() or 1}",
               f"BUILD={options.build}", step]
    with open(log, "wb") as out:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out,
                                   stderr=subprocess.STDOUT, env=environment,
                                   start_new_session=True)
        started.add(process.pid)
        late = threading.Timer(options.limit_s, end, [process.pid])
        late.start()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if late.is_alive():
            late.cancel()
        else:
            out.write(f"\nthe step took longer than {options.limit_s} s\n".encode())
        end(process.pid)
        started.discard(process.pid)
    return process.returncode, usage.ru_utime + usage.ru_stime


def end(group):
    try:
        os.killpg(group, signal.SIGKILL)
    except ProcessLookupError:
        pass


class Steps:
    """Workers take steps from here, run them and add up what they report."""

    def __init__(self, options):
        self.options = options
        self.logs = pathlib.Path(options.build, "test-logs")
        self.waiting = {is_light: [step for step in options.steps if (step in options.light) == is_light]
                        for is_light in (False, True)}
        self.unended = list(options.steps)
        self.started = set()  # process groups
        self.changed = threading.Condition()
        self.total = (0, 0, 0)

    def may_begin(self, step):
        """What is alone waits for all before it, and all behind it wait for it."""
        alone = set(self.options.alone)
        before = self.unended[:self.unended.index(step)]
        return not before if step in alone else not set(before) & alone

    def take(self, is_light):
        """The next step; None when there is none any more."""
        waiting = self.waiting[is_light]
        with self.changed:
            while waiting and not self.may_begin(waiting[0]):
                self.changed.wait()
            if not waiting:
                return None
            return waiting.pop(0)

    def report(self, step, counts, output, times):
        with self.changed:
            self.unended.remove(step)
            self.total = tuple(a + b for a, b in zip(self.total, counts))
            self.changed.notify_all()
            if counts[1]:
                print("\n".join(output.splitlines()[-SHOWN_LINES:]))
            verdict = "FAILED" if counts[1] else "ok    "
            print(f"{verdict} {step:<24} {summary(counts)} ({times})", flush=True)

    def work(self, is_light):
        while step := self.take(is_light):
            began = time.monotonic()
            log = self.logs / f"{step}.log"
            status, computed = run(step, log, self.options, self.started)
            output = log.read_text(encoding="utf-8", errors="replace")
            self.report(step, count(output, status), output,
                        f"{time.monotonic() - began:.1f} s, {computed:.1f} s computing")

    def run(self):
        self.logs.mkdir(parents=True, exist_ok=True)
        workers = [threading.Thread(target=self.work, args=(is_light,), daemon=True)
                   for is_light in [False] * self.options.together + [True]]
        try:
            for worker in workers:
                worker.start()
            for worker in workers:
                worker.join()
        finally:
            for group in list(self.started):
                end(group)
        return self.total


def summary(counts):
    text = f"{counts[0]} passed, {counts[1]} failed"
    return text + (f", {counts[2]} skipped" if counts[2] else "")


def main():
    parser = argparse.ArgumentParser(description="Runs test steps and adds up their results.")
    parser.add_argument("--build", default="build")
    parser.add_argument("--make", default="make")
    parser.add_argument("--limit-s", type=int, default=1800, help="for each step")
    parser.add_argument("--together", type=int, default=1, help="so many at a time")
    parser.add_argument("--alone", action="append", default=[], help="a step with none beside it")
    parser.add_argument("--light", action="append", default=[], help="a step that runs beside the others")
    parser.add_argument("steps", nargs="+")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # through `finally`
    steps = Steps(options)
    total = steps.run()
    (steps.logs / "summary").write_text(summary(total) + "\n", encoding="utf-8")
    print(summary(total))
    return 1 if total[1] else 0


if __name__ == "__main__":
    sys.exit(main())
