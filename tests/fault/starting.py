#!/usr/bin/python3
"""A job that is asked for with an Idempotency-Key starts once, wherever the process is killed.

    tests/fault/starting.py [--binary build/fault/customer360] [NAME...]

The program must have the named points of base/fault.h in it. Prints TAP. Exit status 1 when one failed.
"""
import http.client
import json
import os
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
import harness  # noqa: E402
from harness import service, write  # noqa: E402
from servers.postgres import PostgresServer  # noqa: E402
from servers.service import API  # noqa: E402

SERVER = None
# Before the record of the job is made; when it is made and before it is known; when it is, and nobody was told.
POINTS = {"sqlite": ("job.prepared", "job.prepared>sqlite.before_commit", "job.prepared>sqlite.after_commit", "job.recorded"),
          "postgres": ("job.prepared", "job.prepared>postgres.before_commit", "job.prepared>postgres.after_commit", "job.recorded")}
ROWS = "ID,name\n" + "".join(f"{n},Company {n}\n" for n in range(20))


def flags(kind):
    if kind == "sqlite":
        return ["--store", "sqlite:a.db"]
    return ["--store", SERVER.new_database(harness.BINARY), "--privacy-suppression-key-file", write("key", "000102030405060708090a0b0c0d0e0f\n"),
            "--jobs-directory", ".", "--jobs-lease", "1s"]


def start(api, what):
    path, body, type_of = what
    return api.request("POST", API + path, body, Content_Type=type_of, Idempotency_Key="the-key")


def ended(api, job):
    deadline = time.monotonic() + 30
    while (row := api.request("GET", f"{API}/jobs/{job}")[1])["state"] in ("QUEUED", "RUNNING"):
        assert time.monotonic() < deadline, row
        time.sleep(0.02)
    return row


def check(store, kind, prepare):
    for point in POINTS[store]:
        os.makedirs(point)
        os.chdir(point)
        given = ["--dev", *flags(store)]
        with service(*given) as api:
            what = prepare(api)
            assert api.stop() == 0
        os.environ["FAULT_AT"] = point
        try:
            with service(*given) as api:
                try:
                    status = start(api, what)[0]
                    assert False, f"{point} was not passed: {status}"
                except (OSError, http.client.HTTPException):
                    assert api.process.wait(20) == -9
        finally:
            del os.environ["FAULT_AT"]
        with service(*given) as api:
            status, job = start(api, what)
            assert status == 202, job
            again = start(api, what)
            assert again == (202, job), again
            row = ended(api, job["jobId"])
            assert row["state"] == "DONE", row
            jobs = [job for job in api.request("GET", f"{API}/jobs?limit=100")[1]["items"] if job["kind"] == kind]
            assert len(jobs) == 1, (point, jobs)
            customers = len(api.request("GET", f"{API}/customers?limit=100")[1]["items"])
            assert customers == {"IMPORT": 20, "UNDO": 0}.get(kind, customers), (point, customers)
            assert api.stop() == 0
        os.chdir("..")


def an_import(api):
    del api
    return "/imports?source=erp&keyColumn=ID&onDuplicate=allow", ROWS, "text/csv"


def an_undo(api):
    path, body, type_of = an_import(api)
    job = api.request("POST", API + path, body, Content_Type=type_of)[1]["jobId"]
    assert ended(api, job)["state"] == "DONE"
    return f"/imports/{job}/undo", "", "application/json"


def an_export(api):
    api.request("POST", f"{API}/customers", json.dumps({"name": "Acme"}), Content_Type="application/json")
    return "/exports", "", "application/json"


def a_scan(api):
    del api
    return "/duplicates/scan", "{}", "application/json"


def test_an_import_starts_once():
    check("sqlite", "IMPORT", an_import)


def test_an_undo_starts_once():
    check("sqlite", "UNDO", an_undo)


def test_an_export_starts_once():
    check("sqlite", "EXPORT", an_export)


def test_a_scan_starts_once():
    check("sqlite", "SCAN", a_scan)


def test_an_import_on_postgresql_starts_once():
    check("postgres", "IMPORT", an_import)


def test_an_undo_on_postgresql_starts_once():
    check("postgres", "UNDO", an_undo)


def test_an_export_on_postgresql_starts_once():
    check("postgres", "EXPORT", an_export)


def test_a_scan_on_postgresql_starts_once():
    check("postgres", "SCAN", a_scan)


if __name__ == "__main__":
    SERVER = PostgresServer(["fsync=off"])
    try:
        harness.BINARY = next((os.path.abspath(sys.argv[i + 1]) for i, a in enumerate(sys.argv) if a == "--binary"),
                               os.path.join(harness.ROOT, "build", "fault", "customer360"))
        if "--binary" not in sys.argv:
            sys.argv += ["--binary", harness.BINARY]
        harness.main(globals())
    finally:
        SERVER.stop()
