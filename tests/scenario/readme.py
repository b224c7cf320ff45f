"""The tour of README.md, line by line as it stands there, against an instance that has nothing of it yet.

Each line must end well and print what its comment says: SHOWN has one row for each that prints something.
"""
import json
import os
import re
import subprocess
import time

HERE = os.path.dirname(os.path.abspath(__file__))
README = os.path.join(os.path.dirname(os.path.dirname(HERE)), "README.md")
ADDRESS = "127.0.0.1:9401"


def nothing(text):
    return text == ""


def first(text):
    """The JSON values that jq printed, as a list."""
    decoder, values, at = json.JSONDecoder(), [], 0
    while at < len(text.rstrip()):
        value, at = decoder.raw_decode(text, at)
        values.append(value)
        at += len(text[at:]) - len(text[at:].lstrip())
    return values


def shows(check):
    return lambda text: check(*first(text))


SHOWN = (
    ("api=", nothing),
    ("a=", nothing),
    ("curl -s $api/customers/$a | jq", shows(lambda one: one["name"] == "Acme Corp" and one["contacts"][0]["email"] == "jane@acme.com")),
    ("curl -s $api/customers -H", shows(lambda one: one["error"] == "DUPLICATE_CUSTOMER" and one["details"]["candidates"][0]["reasons"])),
    ('curl -s "$api/customers?q=', shows(lambda one: one["name"] == "Acme Corp" and {match["kind"] for match in one["matches"]} >= {"typo"})),
    ("b=", nothing),
    ("curl -s $api/customers/$a/merge/preview", shows(lambda one: one["planToken"] and one["profile"]["segment"] == "ENTERPRISE")),
    ("m=", nothing),
    ("curl -si $api/customers/$b", lambda text: text.startswith("HTTP/1.1 307")),
    ("curl -s $api/customers/$a/provenance", shows(lambda one: "ENTERPRISE" in json.dumps(one))),
    ("curl -s -X PATCH", shows(lambda version: version == 3)),
    ("curl -s -X POST $api/customers/$a/merges/$m/reverse", shows(
        lambda one: one["profile"]["name"] == "Acme Corporation" and one["survivor"]["website"] == "https://acme.example")),
    ("curl -s $api/customers/$b | jq", shows(lambda one: one["emails"] == ["sales@acme.example"] and "website" not in one)),
    ("curl -s $api/customers/$a/consent", shows(lambda one: one["status"] == "GRANTED")),
    ("curl -s $api/consent/check", shows(lambda one: one["results"][0]["allowed"])),
    ('curl -s "$api/events', lambda text: [json.loads(line)["eventType"] for line in text.splitlines()] == [
        "CustomerProfileCreatedEvent", "CustomerMergedEvent", "CustomerProfileUpdatedEvent", "CustomerUnmergedEvent", "ConsentUpdatedEvent"]),
)


def is_complete(text):
    return subprocess.run(["bash", "-n"], input=text, capture_output=True, text=True, check=False).returncode == 0 and not text.endswith("\\\n")


def commands():
    """Of the block of shell under "A tour": a command may go on over lines."""
    with open(README, encoding="utf-8") as readme:
        block = re.search(r"^## A tour$.*?^```sh\n(.*?)^```$", readme.read(), re.M | re.S).group(1)
    found, text = [], ""
    for line in block.splitlines(keepends=True):
        if not text and (not line.strip() or line.startswith("#")):
            continue
        text += line
        if is_complete(text):
            found.append(text)
            text = ""
    return found


class Shell:
    """One shell that is given command after command, as a reader pastes them."""

    def __init__(self):
        self.process = subprocess.Popen(["bash", "--norc"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def run(self, command):
        """(exit status, what was printed)"""
        self.process.stdin.write(f'{command}status=$?; echo; echo "=ended $status"\n')
        self.process.stdin.flush()
        lines = []
        while not (line := self.process.stdout.readline()).startswith("=ended "):
            if not line:
                return -1, "".join(lines)
            lines.append(line)
        return int(line.split()[1]), "".join(lines).rstrip("\n")

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def take(shell, command, is_right):
    """None, or what was printed instead. On PostgreSQL an event may be numbered a moment after its commit."""
    deadline = time.monotonic() + 60
    while True:
        status, text = shell.run(command)
        try:
            if status == 0 and is_right(text):
                return None
        except (KeyError, IndexError, TypeError, ValueError):
            pass
        if "/events" not in command or time.monotonic() > deadline:
            return f"{command.strip()}\n    ended with {status}: {text[:1500]}"
        time.sleep(0.1)


def take_the_tour(port):
    """The first line that does not do what it says, or None."""
    lines = [command.replace(ADDRESS, f"127.0.0.1:{port}") for command in commands()]
    if len(lines) != len(SHOWN):
        return f"the tour has {len(lines)} commands, {len(SHOWN)} are expected: {[line[:40] for line in lines]}"
    shell = Shell()
    try:
        for command, (beginning, is_right) in zip(lines, SHOWN):
            if not command.startswith(beginning):
                return f"expected a line {beginning!r}: {command}"
            if (problem := take(shell, command, is_right)):
                return problem
    finally:
        shell.close()
    return None
