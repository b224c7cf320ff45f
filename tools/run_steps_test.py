#!/usr/bin/env python3
"""Shows how run_steps.py counts. Speaks TAP."""

import os
import pathlib
import subprocess
import sys
import tempfile

TOOL = pathlib.Path(__file__).resolve().parent / "run_steps.py"

# name: (recipe, the last line for it)
CASES = {
    "a step without a report is one test": ("@true", "1 passed, 0 failed"),
    "an error without a report is one failure": ("@false", "0 passed, 1 failed"),
    "a summary is taken": ("@echo 3 passed, 0 failed", "3 passed, 0 failed"),
    "summaries add up": ("@echo 3 passed, 0 failed; echo 2 passed, 0 failed, 1 skipped",
                         "5 passed, 0 failed, 1 skipped"),
    "failures are failures whatever the exit status": ("@echo 3 passed, 2 failed",
                                                       "3 passed, 2 failed"),
    "an error beside a good summary is one failure": ("@echo 3 passed, 0 failed; exit 3",
                                                      "3 passed, 1 failed"),
    "TAP lines are counted": ("@echo ok 1 - a; echo 'ok 2 - b # SKIP c'; echo not ok 3 - d",
                              "1 passed, 1 failed, 1 skipped"),
    "TAP lines beside a summary are not counted": ("@echo ok 1 - a; echo 4 passed, 0 failed",
                                                   "4 passed, 0 failed"),
    "a step that hangs has failed": ("@sleep 60", "0 passed, 1 failed"),
}


def try_case(recipe, expected):
    with tempfile.TemporaryDirectory() as folder:
        pathlib.Path(folder, "Makefile").write_text(f"step:\n\t{recipe}\n")
        run = subprocess.run([sys.executable, TOOL, "--limit-s", "2", "step"], cwd=folder,
                             capture_output=True, text=True, check=False)
        last = run.stdout.splitlines()[-1]
        kept = pathlib.Path(folder, "build/test-logs/summary").read_text().strip()
    good = last == expected == kept and (run.returncode == 0) == (" 0 failed" in expected)
    if not good:
        print(f"# {last!r}, kept {kept!r}, exit {run.returncode}, expected {expected!r}")
    return good


# What each step notes when it begins and ends; "first" ends when the others have, if that is asked for.
TURNS = """
first:; @echo +a >>turns; while [ -n "$$WAIT" ] && [ ! -e c.done ]; do sleep 0.05; done; echo -a >>turns
b c:; @echo +$@ >>turns; sleep 0.1; echo -$@ >>turns; touch $@.done
"""


def try_turns(alone, wait, expected):
    with tempfile.TemporaryDirectory() as folder:
        pathlib.Path(folder, "Makefile").write_text(TURNS)
        subprocess.run([sys.executable, TOOL, "--together", "2", "--limit-s", "60", *alone,
                        "first", "b", "c"], cwd=folder, env={**os.environ, "WAIT": wait},
                       capture_output=True, check=False)
        turns = "".join(pathlib.Path(folder, "turns").read_text().split())
    if turns not in expected:
        print(f"# {turns}, expected one of {expected}")
    return turns in expected


TURN_CASES = {
    "two steps run at a time": ([], "yes", ("+a+b-b+c-c-a", "+b+a-b+c-c-a")),
    "a step that is alone has none beside it": (["--alone", "b"], "", ("+a-a+b-b+c-c",)),
    "a light step has the others beside it": (["--together", "1", "--light", "first"], "yes", ("+a+b-b+c-c-a", "+b+a-b+c-c-a")),
    "a light step waits for one that is alone before it": (["--alone", "first", "--light", "b"], "",
                                                           ("+a-a+b+c-b-c", "+a-a+c+b-b-c", "+a-a+b+c-c-b", "+a-a+c+b-c-b")),
    "one that is alone waits for a light step before it": (["--alone", "c", "--light", "first"], "", ("+a-a+b-b+c-c", "+b+a-a-b+c-c", "+a+b-a-b+c-c")),
}


def main():
    failed = 0
    print(f"1..{len(CASES) + len(TURN_CASES)}")
    for number, (name, case) in enumerate(CASES.items(), 1):
        good = try_case(*case)
        failed += not good
        print(f"{'ok' if good else 'not ok'} {number} - {name}")
    for number, (name, case) in enumerate(TURN_CASES.items(), len(CASES) + 1):
        good = try_turns(*case)
        failed += not good
        print(f"{'ok' if good else 'not ok'} {number} - {name}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
