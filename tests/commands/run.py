#!/usr/bin/python3
"""The command line as people and programs meet it: exit codes, messages, files, signals.

    tests/commands/run.py [--binary build/customer360] [NAME...]

Each function test_* is one test in a directory of its own. Prints TAP. Exit status 1 when one failed.
"""
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
import harness  # noqa: E402
from harness import run, service, write  # noqa: E402
from servers.service import API  # noqa: E402


def test_help_names_every_command_and_every_command_has_help():
    overview = run("--help").stdout
    assert "  help " in overview
    for command in ("serve", "migrate", "import", "export", "token", "doctor", "version"):
        assert f"  {command} " in overview, overview
        assert run(command, "--help").stdout.startswith(f"customer360 {command}")
    assert "--http-body-max <size>" in run("help", "configuration").stdout


def test_what_is_not_understood_is_named_with_exit_code_2():
    assert "drink" in run("drink", code=2).stderr
    assert "shoe" in run("serve", "--shoe", code=2).stderr
    assert "c.conf:2" in run("serve", "--config", write("c.conf", "[http]\nlisten_to = x\n"), code=2).stderr
    assert "CUSTOMER360_HTTP_LISTN" in run("doctor", environment={"CUSTOMER360_HTTP_LISTN": "x"}, code=2).stderr
    assert "--tenant needs a value" in run("export", "--tenant", code=2).stderr
    assert len(run("serve", "--store", "mysql://x", code=2).stderr.splitlines()) == 1


def test_a_file_that_is_not_there_is_a_failure_that_names_it():
    for command in (["import"], ["dedupe"], ["train"], ["restore"], ["evaluate", "--truth", "id"],
                    ["token", "--tenant", "a", "--user", "b", "--permissions", "*", "--key"]):
        assert "nowhere.csv" in run(*command, "nowhere.csv", code=1).stderr, command
    run("migrate", "--store", "sqlite:a.db")
    assert "/proc/nowhere.ndjson" in run("export", "/proc/nowhere.ndjson", "--store", "sqlite:a.db", code=1).stderr
    assert "folder" in run("import", ".", "--store", "sqlite:a.db", code=1).stderr


def test_serve_does_not_start_where_it_would_not_be_safe():
    assert "no way to know who asks" in run("serve", "--store", "memory:", code=2).stderr
    assert "loopback only" in run("serve", "--dev", "--listen", "0.0.0.0:0", "--store", "memory:", code=2).stderr
    assert "missing.json" in run("serve", "--identity-jwks-file", "missing.json", "--store", "memory:", code=2).stderr
    assert "belong together" in run("serve", "--dev", "--tls-certificate", "x.pem", code=2).stderr
    write("p.json", '{"acme":{"fields":{"name":"loudest"}}}')
    assert "p.json" in run("serve", "--dev", "--store", "memory:", "--policy-file", "p.json", code=2).stderr


def test_a_port_or_store_that_is_taken_is_one_clear_line():
    with service("--dev", "--store", "sqlite:a.db") as running:
        taken = run("serve", "--dev", "--store", "sqlite:b.db", "--listen", f"127.0.0.1:{running.port}", code=2).stderr
        assert "Address already in use" in taken and len(taken.splitlines()) == 1
        assert "open in another process" in run("serve", "--dev", "--store", "sqlite:a.db", "--listen", "127.0.0.1:0", code=2).stderr


def test_import_says_how_to_go_on_while_the_service_runs_and_that_line_works():
    write("c.csv", "ID,Company\n1,Acme\n2,Globex\n")
    with service("--dev", "--store", "sqlite:a.db") as running:
        flags = ("--store", "sqlite:a.db", "--listen", f"127.0.0.1:{running.port}", "--source", "erp", "--key-column", "ID",
                 "--map", "Company=name")
        told = run("import", "c.csv", *flags, code=1).stderr
        line = told[told.index("  curl"):told.index("'\n\n") + 1]
        job = json.loads(subprocess.run(["sh", "-c", line], capture_output=True, text=True, check=True).stdout)
        deadline = time.monotonic() + 20
        while (state := running.request("GET", f"{API}/jobs/{job['jobId']}")[1])["state"] != "DONE":
            assert state["state"] in ("QUEUED", "RUNNING") and time.monotonic() < deadline, state
            time.sleep(0.02)
        assert state["progress"]["created"] == 2, state
        assert running.stop() == 0
    assert "2 unchanged" in run("import", "c.csv", *flags).stdout


def names_of(api):
    return sorted(item["name"] for item in api.request("GET", f"{API}/customers?limit=100")[1]["items"])


def test_a_row_in_another_encoding_is_refused_and_a_file_in_another_is_taken():
    rows = ["ID,name", "1,Caf\xe9", "2,Müller", "3,Böhm", "4,Plain"]
    with open("mixed.csv", "wb") as file:
        file.write("\n".join(rows).encode().replace("Caf\xe9".encode(), b"Caf\xe9"))
    with open("latin.csv", "wb") as file:
        file.write("\n".join(rows).encode("cp1252"))
    store = ["--store", "sqlite:a.db", "--key-column", "ID", "--json"]
    done = json.loads(run("import", "mixed.csv", *store, code=3).stdout)
    assert (done["created"], done["invalid"]) == (3, 1), done
    done = json.loads(run("import", "latin.csv", *store).stdout)
    assert (done["created"], done["unchanged"]) == (1, 3), done
    done = json.loads(run("import", "latin.csv", *store, "--encoding", "utf-8", "--source", "other", code=3).stdout)
    assert (done["duplicates"] + done["created"], done["invalid"]) == (1, 3), done
    assert "windows-1252" in run("import", "latin.csv", *store, "--encoding", "ebcdic", code=2).stderr
    with service("--dev", "--store", "sqlite:c.db"):
        assert "charset=iso-8859-1'" in run("import", "latin.csv", "--store", "sqlite:c.db", "--encoding", "iso-8859-1", code=1).stderr
    with service("--dev", "--store", "sqlite:b.db") as api, open("latin.csv", "rb") as file:
        latin = file.read()
        for charset, status in (("ebcdic", 415), ("iso-8859-1", 202)):
            got, job = api.request("POST", f"{API}/imports?source=erp&keyColumn=ID", latin, Content_Type=f"text/csv; charset={charset}")
            assert got == status, job
        deadline = time.monotonic() + 60
        while api.request("GET", f"{API}/jobs/{job['jobId']}")[1]["state"] != "DONE":
            assert time.monotonic() < deadline
            time.sleep(0.02)
        assert names_of(api) == sorted(["Café", "Müller", "Böhm", "Plain"])


def test_import_tells_each_refused_row_and_takes_the_others():
    write("c.csv", "ID;name;emails\n1;Acme;a@x.example\n2;;\n3;Initech;nonsense\n4;acme;A@x.example\n")
    done = run("import", "c.csv", "--store", "sqlite:a.db", "--source", "erp", "--key-column", "ID", "--errors", "e.csv", "--json", code=3)
    counts = json.loads(done.stdout)
    assert (counts["created"], counts["invalid"], counts["duplicates"]) == (1, 2, 1), counts
    with open("e.csv", encoding="utf-8") as file:
        rows = [line.split(",")[:3] for line in file.read().splitlines()]
    assert rows == [["row", "column", "code"], ["3", "name", "REQUIRED_FIELD"], ["4", "emails", "INVALID_VALUE"],
                    ["5", "", "DUPLICATE_CUSTOMER"]], rows
    lines = '{"name":"Line"}\n{"name":"Other","shoe":1}\n'
    assert "1 created" in run("import", "-", "--store", "sqlite:a.db", stdin=lines, code=3).stdout
    assert "shoe" in run("import", "-", "--store", "sqlite:b.db", stdin="name,shoe\nA,42\n", code=1).stderr


def test_an_export_restores_the_same_state_and_only_into_an_empty_tenant():
    with service("--dev", "--sample", "--store", "sqlite:a.db") as running:
        deadline = time.monotonic() + 60
        while "sample.loaded" not in running.log():
            assert time.monotonic() < deadline, running.log()
            time.sleep(0.05)
        assert running.stop() == 0
    run("export", "a.ndjson", "--store", "sqlite:a.db")
    run("import", "a.ndjson", "--store", "sqlite:b.db")
    run("export", "b.ndjson", "--store", "sqlite:b.db")
    with open("a.ndjson", "rb") as a, open("b.ndjson", "rb") as b:
        assert a.read() == b.read()
    assert "has data already" in run("import", "a.ndjson", "--store", "sqlite:b.db", code=1).stderr
    run("export", "p.csv", "--store", "sqlite:a.db")
    done = run("import", "p.csv", "--store", "sqlite:c.db", "--on-duplicate", "allow", "--json")
    assert json.loads(done.stdout)["created"] > 900, done.stdout


def test_an_undo_does_what_its_preview_said_and_the_preview_nothing():
    # In batches of one row a customer comes in several steps; some were there before, some are said by another import since.
    write("before.csv", "ID,name,segment\n1,Acme,SMB\n")
    write("c.csv", "ID,name,segment\n1,Acme,LARGE\n2,Globex,SMB\n2,Globex,LARGE\n3,Initech,\n3,Initech,SMB\n4,Umbrella,\n")
    write("after.csv", "ID,name,segment\n3,Initech,TINY\n4,Umbrella,\n")
    flags = ["--store", "sqlite:a.db", "--source", "erp", "--key-column", "ID", "--jobs-batch", "1"]
    run("import", "before.csv", *flags)
    told = run("import", "c.csv", *flags, "--dry-run").stdout
    assert "would be 3 created, 3 updated" in told and 'row 2 would update a customer (CUST-' in told, told
    job = json.loads(run("import", "c.csv", *flags, "--json").stdout)["jobId"]
    run("import", "after.csv", *flags)
    run("export", "then.ndjson", "--store", "sqlite:a.db")
    undo = ["import", "--undo", job, "--store", "sqlite:a.db", "--json"]
    seen = json.loads(run(*undo, "--dry-run", "--errors", "seen.csv").stdout)
    run("export", "now.ndjson", "--store", "sqlite:a.db")
    done = json.loads(run(*undo, "--errors", "done.csv").stdout)
    assert seen["progress"] == done["progress"] and seen["progress"]["homes"] == 4, (seen, done)
    assert {(s["result"], s["name"]) for s in seen["samples"]} == {("RESTORED", "Acme"), ("REMOVED", "Globex"), ("KEPT", "Initech"), ("REMOVED", "Umbrella")}, seen
    for one, other in (("then.ndjson", "now.ndjson"), ("seen.csv", "done.csv")):
        with open(one, "rb") as a, open(other, "rb") as b:
            assert a.read() == b.read(), one
    assert "no such job" in run("import", "--undo", "JOB-NONE", "--dry-run", "--store", "sqlite:a.db", code=1).stderr


def test_a_minted_token_opens_the_door_it_names():
    run("token", "--new-key", "keys")
    assert os.stat("keys/private.pem").st_mode & 0o077 == 0
    with service("--store", "memory:", "--identity-jwks-file", "keys/jwks.json") as running:
        def bearer(*flags):
            return "Bearer " + run("token", "--key", "keys/private.pem", *flags).stdout.strip()
        reader = bearer("--tenant", "acme", "--permissions", "customer:read")
        body = '{"name":"Acme"}'
        assert running.status_of(f"{API}/customers") == 401
        assert running.status_of(f"{API}/customers", Authorization=reader) == 200
        assert running.request("POST", f"{API}/customers", body, Authorization=reader, Content_Type="application/json")[0] == 403
        assert running.request("POST", f"{API}/customers", body, Authorization=bearer("--tenant", "acme", "--permissions", "*"), Content_Type="application/json")[0] == 201
        assert running.request("GET", f"{API}/customers", Authorization=bearer("--tenant", "other", "--permissions", "*"))[1]["items"] == []
        assert running.status_of(f"{API}/customers", Authorization=bearer("--permissions", "*", "--identity-jwt-audience", "else")) == 401
        assert running.status_of(f"{API}/customers", Authorization=reader, X_Tenant_ID="other") == 401
        # New keys: those of before are worthless from the reload on.
        shutil.rmtree("keys")
        run("token", "--new-key", "keys", "--algorithm", "EdDSA")
        running.process.send_signal(signal.SIGHUP)
        deadline = time.monotonic() + 10
        while running.status_of(f"{API}/customers", Authorization=reader) != 401:
            assert time.monotonic() < deadline, running.log()
            time.sleep(0.02)
        assert running.status_of(f"{API}/customers", Authorization=bearer("--permissions", "*")) == 200


def test_a_request_under_way_is_answered_and_a_followed_feed_ends_when_the_service_stops():
    with service("--dev", "--store", "sqlite:a.db") as running:
        feed = socket.create_connection(("127.0.0.1", running.port), timeout=20)
        feed.sendall(f"GET {API}/events?after=0 HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n\r\n".encode())
        assert feed.recv(100).startswith(b"HTTP/1.1 200")
        half = socket.create_connection(("127.0.0.1", running.port), timeout=20)
        half.sendall(f"POST {API}/customers HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 15\r\n\r\n".encode())
        time.sleep(0.1)
        running.process.send_signal(signal.SIGTERM)
        time.sleep(0.2)
        assert running.status_of("/livez") is None
        half.sendall(b'{"name":"Last"}')
        assert half.recv(100).startswith(b"HTTP/1.1 201"), running.log()
        while feed.recv(4096):
            pass
        assert running.process.wait(20) == 0, running.log()


def test_doctor_finds_what_is_wrong_and_changes_nothing():
    findings = json.loads(run("doctor", "--json", "--store", "sqlite:deep/a.db", code=1).stdout)
    assert [f["about"] for f in findings if f["severity"] == "FAILURE"] == ["identity"], findings
    assert os.listdir(".") == []
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        listen = f"127.0.0.1:{taken.getsockname()[1]}"
        findings = json.loads(run("doctor", "--dev", "--json", "--store", "memory:", "--listen", listen, code=1).stdout)
    assert [f["about"] for f in findings if f["severity"] == "FAILURE"] == ["port"], findings


def test_migrate_is_needed_once():
    assert "migrations applied" in run("migrate", "--store", "sqlite:a.db").stdout
    assert "up to date" in run("migrate", "--store", "sqlite:a.db").stdout


def test_webhooks_are_looked_at_and_put_right_on_their_store():
    store = ["--store", "sqlite:a.db"]
    with service("--dev", *store, "--webhooks-internal-networks", "127.0.0.0/8", "--webhooks-plain-http") as running:
        hook = running.request("POST", f"{API}/webhooks", '{"url":"http://127.0.0.1:1/","after":0}', Content_Type="application/json")[1]["webhookId"]
        running.request("POST", f"{API}/customers", '{"name":"Acme"}', Content_Type="application/json")
        deadline = time.monotonic() + 30
        while not running.request("GET", f"{API}/webhooks/{hook}/deliveries")[1]["items"]:
            assert time.monotonic() < deadline, running.log()
            time.sleep(0.05)
        assert "/api/v1/crm/webhooks" in run("webhooks", "list", *store, code=1).stderr
        assert running.stop() == 0
    row = json.loads(run("webhooks", "list", "--json", *store).stdout)
    assert (row["tenant"], row["webhookId"], row["status"], row["url"]) == ("default", hook, "ACTIVE", "http://127.0.0.1:1/"), row
    assert run("webhooks", "list", "--tenant", "other", *store).stdout == ""
    assert hook in run("webhooks", "list", *store).stdout
    failed = [json.loads(line) for line in run("webhooks", "deliveries", hook, "--failed", *store).stdout.splitlines()]
    assert failed and all(attempt["customerId"] for attempt in failed), failed
    assert json.loads(run("webhooks", "disable", hook, *store).stdout)["status"] == "DISABLED"
    assert json.loads(run("webhooks", "enable", hook, *store).stdout)["status"] == "ACTIVE"
    assert "eventId" in run("webhooks", "test", hook, *store).stdout
    assert "secret" not in run("webhooks", "show", hook, *store).stdout
    assert run("webhooks", "replay", hook, "--after", "0", *store).stdout
    assert "--after POSITION" in run("webhooks", "replay", hook, *store, code=2).stderr
    assert "which webhook" in run("webhooks", "show", *store, code=2).stderr
    assert "list | show" in run("webhooks", *store, code=2).stderr
    run("webhooks", "show", hook, "--tenant", "other", *store, code=1)
    run("webhooks", "remove", hook, *store)
    assert run("webhooks", "list", *store).stdout == ""


if __name__ == "__main__":
    harness.main(globals())
