#!/usr/bin/python3
"""Generates typed clients from /openapi.json with public generators, type-checks the tour against them, and takes it; and holds
/asyncapi.json to the JSON schema of AsyncAPI 3.0.

    tests/http/clients.py [--binary build/customer360] [--build build]

Python: openapi-python-client and mypy --strict, from build/venv. TypeScript: openapi-typescript, openapi-fetch and tsc
--strict, and @asyncapi/specs, installed by npm into BUILD/clients from clients/package.json. What cannot be installed is skipped with a line
that says so. Prints TAP.
"""
import argparse
import os
import shutil
import subprocess
import sys
import urllib.request

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.join(ROOT, "tests"))
from servers.stores import serve  # noqa: E402

CLIENTS = os.path.join(HERE, "clients")
TSC = ["--strict", "--target", "es2022", "--lib", "es2022,dom", "--module", "nodenext", "--moduleResolution", "nodenext",
       "--skipLibCheck", "--outDir", "out", "tour.ts"]


class Failed(Exception):
    """A step of a client that did not end well."""


def step(what, command, folder, **environment):
    done = subprocess.run(command, cwd=folder, env={**os.environ, **environment}, capture_output=True, text=True, timeout=300, check=False)
    if done.returncode != 0:
        raise Failed(f"{what} ended with {done.returncode}:\n{(done.stdout + done.stderr)[-3000:]}")


def python(folder, description, url, venv):
    tour = os.path.join(CLIENTS, "tour.py")
    step("generating", [os.path.join(venv, "openapi-python-client"), "generate", "--path", description, "--meta", "none",
                        "--output-path", "customer360_client", "--overwrite"], folder)
    step("mypy", [os.path.join(venv, "mypy"), "--strict", tour], folder, MYPYPATH=folder)
    step("the tour", [os.path.join(venv, "python"), tour, url], folder, PYTHONPATH=folder, PYTHONDONTWRITEBYTECODE="1")


def install_node_modules(folder):
    """True when they are there."""
    shutil.copy(os.path.join(CLIENTS, "package.json"), folder)
    if not shutil.which("npm") or not shutil.which("node"):
        return False
    try:
        step("npm", ["npm", "install", "--silent", "--no-audit", "--no-fund"], folder)
    except Failed:
        return False
    return True


def typescript(folder, description, url):
    tools = os.path.join(folder, "node_modules", ".bin")
    shutil.copy(os.path.join(CLIENTS, "tour.ts"), folder)
    step("generating", [os.path.join(tools, "openapi-typescript"), description, "-o", "api.ts"], folder)
    step("tsc", [os.path.join(tools, "tsc"), *TSC], folder)
    shutil.copy(os.path.join(CLIENTS, "package.json"), os.path.join(folder, "out"))
    step("the tour", ["node", "out/tour.js", url], folder)


def described_messages(folder, url, venv):
    """By the JSON Schema of the venv: Debian's cannot read this one."""
    step("the check", [os.path.join(venv, "python"), os.path.join(CLIENTS, "described.py"), url, os.path.join(folder, "node_modules")], folder)


def tour(language):
    return f"the tour through a generated {language} client"


MESSAGES = "/asyncapi.json is what AsyncAPI 3.0 asks for"


def report(name, run):
    try:
        run()
        print(f"ok - {name}", flush=True)
        return True
    except Failed as problem:
        print(f"not ok - {name}\n  " + str(problem).replace("\n", "\n  "), flush=True)
        return False


def skip(name, why):
    print(f"ok - {name} # skip {why}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--binary", default=os.path.join(ROOT, "build", "customer360"))
    parser.add_argument("--build", default=os.path.join(ROOT, "build"))
    options = parser.parse_args()
    folder, venv = os.path.abspath(os.path.join(options.build, "clients")), os.path.abspath(os.path.join(options.build, "venv", "bin"))
    os.makedirs(folder, exist_ok=True)
    service, good = serve(os.path.abspath(options.binary), "memory:"), True
    try:
        url, description = f"http://127.0.0.1:{service.port}", os.path.join(folder, "openapi.json")
        urllib.request.urlretrieve(url + "/openapi.json", description)
        if os.path.exists(os.path.join(venv, "openapi-python-client")):
            good = report(tour("Python"), lambda: python(folder, description, url, venv)) and good
        else:
            skip(tour("Python"), "the generator is not in build/venv: tools/setup.sh all")
        if install_node_modules(folder) and os.path.exists(os.path.join(venv, "python")):
            good = report(tour("TypeScript"), lambda: typescript(folder, description, url)) and good
            good = report(MESSAGES, lambda: described_messages(folder, url, venv)) and good
        else:
            skip(tour("TypeScript"), "node, npm or its packages cannot be had")
            skip(MESSAGES, "node, npm or its packages cannot be had")
    finally:
        good = service.stop() == 0 and good
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
