#!/usr/bin/python3
"""docs/operating.md says what the program says: every metric, every error code, every event that warns; documents lead to each other.

    tests/operations/documents.py [--binary build/customer360] [--write]

--write writes the tables between the marks anew. Prints TAP. Exit status 1 when one failed.
"""
import json
import os
import re
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
import harness  # noqa: E402
from harness import service  # noqa: E402
from servers.service import API  # noqa: E402

DOCUMENT = os.path.join(harness.ROOT, "docs", "operating.md")


def source(path):
    with open(os.path.join(harness.ROOT, path), encoding="utf-8") as file:
        return file.read()


def metrics_table():
    """Of a service that has answered something."""
    with service("--dev", "--store", "sqlite:documents.db", "--kafka-brokers", "127.0.0.1:1", "--kafka-timeout", "1s", "--kafka-consume", "on",
                 "--traces-endpoint", "http://127.0.0.1:1/v1/traces") as api:
        assert api.request("POST", f"{API}/customers", '{"name":"Acme"}', Content_Type="application/json")[0] == 201
        text = api.request("GET", "/metrics")[1]
        api.stop()
    helps = dict(re.findall(r"^# HELP (\S+) (.+)$", text, re.M))
    types = dict(re.findall(r"^# TYPE (\S+) (\S+)$", text, re.M))
    samples = {re.sub(r"_(bucket|sum|count)$", "", name) if re.sub(r"_(bucket|sum|count)$", "", name) in types else name
               for name in re.findall(r"^([a-z_0-9]+)(?:\{| )", text, re.M)}
    assert set(helps) == set(types) and samples <= set(types), (helps, types, samples)
    return "| metric | type | what |\n|---|---|---|\n" + "".join(f"| `{name}` | {types[name]} | {helps[name]} |\n" for name in helps)


def statuses_by_code():
    """Of all routes: what /openapi.json says."""
    found = {}
    for operations in json.loads(source("schemas/openapi.json"))["paths"].values():
        for operation in operations.values():
            for status, response in operation["responses"].items():
                for code in response.get("x-error-codes", []):
                    found.setdefault(code, set()).add(status)
    return {code: ", ".join(sorted(statuses)) for code, statuses in found.items()}


def codes_table():
    rows = re.findall(r'^\s*X\((\w+),\s+"(\w+)",\s+"([^"]+)"\)', source("src/base/status.h"), re.M)
    assert len(rows) > 40, rows
    of_routes = statuses_by_code()
    statuses = dict(re.findall(r"\[STATUS_(\w+)\] = \{(\d+)", source("src/adapters/api/errors.c")))
    return "| code | status | meaning |\n|---|---|---|\n" + "".join(
        f"| `{code}` | {of_routes.get(code, statuses.get(symbol, ''))} | {meaning} |\n" for symbol, code, meaning in rows if symbol != "OK")


TABLES = {"metrics": metrics_table, "codes": codes_table}


def marked(name, document):
    begin, end = f"<!-- {name} begin -->\n", f"<!-- {name} end -->\n"
    assert begin in document and end in document, name
    before, rest = document.split(begin)
    inside, after = rest.split(end)
    return before + begin, inside, end + after


def check(name):
    inside = marked(name, source("docs/operating.md"))[1]
    assert inside == TABLES[name](), f"docs/operating.md has other {name}: tests/operations/documents.py --write (make operating-tables)"


def test_every_metric_is_in_the_document():
    check("metrics")


def test_every_error_code_is_in_the_document():
    check("codes")


def test_every_event_that_warns_is_explained():
    document, events = source("docs/operating.md"), set()
    for directory, _, files in os.walk(os.path.join(harness.ROOT, "src")):
        for file in files:
            if file.endswith(".c") and not file.endswith("_test.c"):
                events |= set(re.findall(r'log_(?:warn|error)\(\s*"([a-z_]+\.[a-z_.]+)"', source(os.path.join(directory, file))))
    assert len(events) > 10 and not (missing := [event for event in sorted(events) if f"`{event}`" not in document]), missing


def documents():
    for directory in ("", "docs", "docs/decisions"):
        for file in sorted(os.listdir(os.path.join(harness.ROOT, directory))):
            if file.endswith(".md"):
                yield os.path.join(directory, file)


def test_every_decision_is_listed_and_every_link_leads_somewhere():
    listed, lost = source("docs/architecture.md"), []
    for path in documents():
        for link in re.findall(r"\]\(([^)#\s:]+)(?:#[^)]*)?\)", source(path)):
            if not os.path.exists(os.path.join(harness.ROOT, os.path.dirname(path), link)):
                lost.append(f"{path}: {link}")
        if path.startswith("docs/decisions/") and f"]({path[5:]})" not in listed:
            lost.append(f"{path} is not in docs/architecture.md")
    assert not lost, lost


if __name__ == "__main__":
    if "--write" in sys.argv:
        harness.BINARY = next((os.path.abspath(sys.argv[i + 1]) for i, a in enumerate(sys.argv) if a == "--binary"), harness.BINARY)
        os.chdir(tempfile.mkdtemp(prefix="customer360-documents-"))
        written = source("docs/operating.md")
        for table in TABLES:
            parts = marked(table, written)
            written = parts[0] + TABLES[table]() + parts[2]
        with open(DOCUMENT, "w", encoding="utf-8") as out:
            out.write(written)
        sys.exit(0)
    harness.main(globals())
