"""What tests of the program as people meet it share: its commands, instances in the directory of the test, and how tests are run.

    import harness
    def test_...(): ...
    harness.main(globals())         runs what is called test_*, each in a directory of its own; prints TAP
"""
import argparse
import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
import traceback

from servers import service as services
from servers.kept import ROOT

BINARY = os.path.join(ROOT, "build", "customer360")


class Skip(Exception):
    """This test cannot be run here; says why."""


def run(*arguments, stdin="", environment=None, code=0):
    """The finished command, having checked its exit code."""
    base = {k: v for k, v in os.environ.items() if not k.startswith("CUSTOMER360_")}
    done = subprocess.run([BINARY, *arguments], input=stdin, text=True, capture_output=True, timeout=60,
                          env={**base, **(environment or {})}, check=False)
    assert done.returncode == code, f"{arguments}: exit {done.returncode}, not {code}\n{done.stdout}{done.stderr}"
    return done


class Service(services.Service):
    """An instance that logs to service.log in the directory of the test."""

    def __init__(self, *flags, **more):
        super().__init__(BINARY, flags, log="service.log", **more)


@contextlib.contextmanager
def service(*flags, kind=Service, **more):
    running = kind(*flags, **more)
    try:
        yield running
    finally:
        running.kill()


def write(name, text):
    with open(name, "w", encoding="utf-8") as file:
        file.write(text)
    return name


def main(tests):
    """Runs what is called test_*: of this file, or of another that has its tests run like these."""
    global BINARY
    parser = argparse.ArgumentParser()
    parser.add_argument("--binary", default=BINARY)
    parser.add_argument("names", nargs="*")
    options = parser.parse_args()
    BINARY = os.path.abspath(options.binary)
    failed = False
    for name, test in sorted((n, f) for n, f in tests.items() if n.startswith("test_")):
        if options.names and name not in options.names:
            continue
        directory = tempfile.mkdtemp(prefix="customer360-commands-")
        os.chdir(directory)
        try:
            test()
            print(f"ok - {name[5:]}", flush=True)
        except Skip as why:
            print(f"ok - {name[5:]} # SKIP {why}", flush=True)
        except Exception:  # any failure of a test is one
            failed = True
            print(f"not ok - {name[5:]}\n" + "".join(f"  {line}\n" for line in traceback.format_exc().splitlines()), flush=True)
        finally:
            os.chdir(ROOT)
            shutil.rmtree(directory, ignore_errors=True)
    sys.exit(failed)

