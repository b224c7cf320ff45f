#!/usr/bin/python3
"""Lets schemathesis loose on a service, driven by its own /openapi.json.

    tests/http/fuzz.py [--store sqlite|postgres] [--seconds 50] [--venv build/venv] [--seed N]

Requests that the description allows and such that it does not, operation by operation and in chains along its links
(a customer that was created is read, changed, merged, ...). Checked of each answer: no failure of the server, a
declared status, media type, headers and shape; what is not allowed is refused; 405 names the methods; nobody gets in
without a valid token; what was deleted is gone.

With --strict, too: what the description allows is not refused as malformed. That finds descriptions that say too
little, sooner or later any of them; it is for long runs, not for every one.

Settings are in schemathesis.toml, with the reason of each. The service asks for tokens, as in production.
Prints TAP. Where schemathesis cannot be installed (tools/setup.sh all), the run is skipped and says so.
"""
import argparse
import os
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.join(ROOT, "tests"))
from servers.stores import Stores, serve  # noqa: E402

PHASES = (("each operation", "examples,coverage,fuzzing", 0.6), ("chains of operations", "stateful", 0.4))


def token(binary, keys):
    subprocess.run([binary, "token", "--new-key", keys], check=True, capture_output=True)
    made = subprocess.run([binary, "token", "--key", os.path.join(keys, "private.pem"), "--tenant", "fuzz", "--permissions", "*", "--expires", "12h"],
                          check=True, capture_output=True, text=True)
    return made.stdout.strip()


def run_phase(options, service, bearer, directory, name, phases, seconds):
    command = [os.path.join(options.venv, "bin", "schemathesis"), "--config-file", os.path.join(HERE, "schemathesis.toml"),
               "run", f"http://127.0.0.1:{service.port}/openapi.json", "--phases", phases, "--max-time", str(seconds),
               "--header", f"Authorization: Bearer {bearer}", "--no-color"]
    if not options.strict:
        command += ["--exclude-checks", "positive_data_acceptance"]
    if options.seed:
        command += ["--seed", str(options.seed)]
    done = subprocess.run(command, cwd=directory, capture_output=True, text=True, check=False)
    good = done.returncode == 0 and service.process.poll() is None
    print(f"{'ok' if good else 'not ok'} - {name} as described, and as not ({options.store}, {seconds} s)", flush=True)
    if not good:
        print("  " + (done.stdout + done.stderr)[-30000:].replace("\n", "\n  "), flush=True)
        print("  " + service.tail().replace("\n", "\n  "))
    return good


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--store", choices=("memory", "sqlite", "postgres"), default="sqlite")
    parser.add_argument("--binary", default=os.path.join(ROOT, "build", "customer360"))
    parser.add_argument("--venv", default=os.path.join(ROOT, "build", "venv"))
    parser.add_argument("--seconds", type=int, default=50)
    parser.add_argument("--seed", type=int)
    parser.add_argument("--strict", action="store_true", help="what the description allows is taken, or refused for what it cannot say")
    options = parser.parse_args()
    options.binary, options.venv = os.path.abspath(options.binary), os.path.abspath(options.venv)
    if not os.path.exists(os.path.join(options.venv, "bin", "schemathesis")):
        print(f"ok - schemathesis ({options.store}) # skip it is not in {options.venv}: tools/setup.sh all")
        return 0
    stores, good = Stores(options.store, options.binary), True
    with tempfile.TemporaryDirectory(prefix="customer360-fuzz-") as directory:
        bearer = token(options.binary, os.path.join(directory, "keys"))
        flags = ["--identity-jwks-file", os.path.join(directory, "keys", "jwks.json")]
        service = serve(options.binary, stores.new(), flags, dev=False)
        try:
            for name, phases, share in PHASES:
                good = run_phase(options, service, bearer, directory, name, phases, max(int(options.seconds * share), 5)) and good
        finally:
            good = service.stop() == 0 and good
            stores.close()
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
