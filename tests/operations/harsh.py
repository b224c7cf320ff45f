#!/usr/bin/python3
"""What befalls a service: full disks, damaged files, a clock set back, no descriptors, no memory. Each
gives a clear message, loses nothing that was acknowledged, and is over when its cause is.

    tests/operations/harsh.py [--binary build/customer360] [--preload build/operations/preload.so] [NAME...]

Prints TAP. Exit status 1 when one failed. What needs root (small file systems) is skipped without.
"""
import contextlib
import http.client
import json
import mmap
import os
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
import harness  # noqa: E402
from harness import Service, run, service, write  # noqa: E402
from servers.ports import free_port  # noqa: E402
from servers.service import API  # noqa: E402

PRELOAD = os.path.join(harness.ROOT, "build", "operations", "preload.so")


# --- help ---

def create(api, name, **more):
    return api.request("POST", f"{API}/customers", json.dumps({"name": name, **more}), Content_Type="application/json")


def is_there(api, customer):
    return api.status_of(f"{API}/customers/{customer}") == 200


def await_status(api, path, wanted, seconds=60):
    deadline = time.monotonic() + seconds
    while (found := api.status_of(path)) != wanted:
        assert time.monotonic() < deadline, (path, found, api.log()[-2000:])
        time.sleep(0.02)


def refuses_to_start(*flags, code=2, say=""):
    done = subprocess.run([harness.BINARY, "serve", "--dev", "--listen", f"127.0.0.1:{free_port()}", *flags],
                          capture_output=True, text=True, timeout=30, check=False)
    last = done.stderr.strip().splitlines()[-1]
    assert done.returncode == code and say in last, (done.returncode, done.stderr)
    return last


def findings(*flags, code=0):
    return json.loads(run("doctor", "--dev", "--json", "--listen", f"127.0.0.1:{free_port()}", *flags, code=code).stdout)


def failures(*flags):
    said = {}
    for f in findings(*flags, code=1):
        if f["severity"] == "FAILURE":
            said[f["about"]] = said.get(f["about"], "") + f"{f['finding']} -> {f.get('advice', '')}\n"
    return said


@contextlib.contextmanager
def small_file_system(megabytes):
    directory = tempfile.mkdtemp(prefix="small-", dir=".")
    if os.getuid() != 0 or subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", directory], check=False,
                                          capture_output=True).returncode != 0:
        raise harness.Skip("only root can mount a small file system")
    os.chmod(directory, 0o777)
    try:
        yield directory
    finally:
        subprocess.run(["umount", "-l", directory], check=True)


def fill_up(directory, leave=0):
    """A file that takes all the room but `leave` bytes."""
    path = os.path.join(directory, "filler")
    room = os.statvfs(directory)
    with open(path, "wb") as filler:
        with contextlib.suppress(OSError):
            for _ in range(max(0, room.f_bavail * room.f_frsize - leave) // 4096):
                filler.write(b"x" * 4096)
                filler.flush()
    return path


# --- disks and files ---

def test_a_full_disk_refuses_writes_keeps_what_was_acknowledged_and_is_over_with_room():
    with small_file_system(8) as directory, service("--dev", "--store", f"sqlite:{directory}/a.db") as api:
        known = [create(api, f"Before {i}")[1]["customerId"] for i in range(20)]
        filler = fill_up(directory)
        refused = 0
        for i in range(200):
            status, answer = create(api, f"During {i}")
            if status == 201:
                known.append(answer["customerId"])
                continue
            assert (status, answer["error"]) == (507, "STORE_FULL"), answer
            refused += 1
            if refused > 3:
                break
        assert refused > 3
        assert all(is_there(api, customer) for customer in known)
        assert "free" in failures("--store", f"sqlite:{directory}/a.db")["directories"]
        os.unlink(filler)
        status, answer = create(api, "After")
        assert status == 201, answer
        known.append(answer["customerId"])
        api.process.kill()
        api.process.wait()
        with service("--dev", "--store", f"sqlite:{directory}/a.db") as again:
            assert all(is_there(again, customer) for customer in known)


def test_a_disk_that_is_full_at_the_start_is_named_and_no_store_is_left_half_made():
    with small_file_system(1) as directory:
        filler = fill_up(directory)
        assert "STORE_FULL" in (said := refuses_to_start("--store", f"sqlite:{directory}/a.db")) or "room" in said or "full" in said, said
        os.unlink(filler)
        with service("--dev", "--store", f"sqlite:{directory}/a.db") as api:
            assert create(api, "After")[0] == 201


def test_a_read_only_disk_is_named_at_the_start_and_by_the_doctor():
    with small_file_system(8) as directory:
        with service("--dev", "--store", f"sqlite:{directory}/a.db") as api:
            customer = create(api, "Before")[1]["customerId"]
            assert api.stop() == 0
        subprocess.run(["mount", "-o", "remount,ro", directory], check=True)
        said = refuses_to_start("--store", f"sqlite:{directory}/a.db")
        assert "a.db.lock" in said and "Read-only file system" in said, said
        assert "cannot be written" in failures("--store", f"sqlite:{directory}/a.db")["directories"]
        subprocess.run(["mount", "-o", "remount,rw", directory], check=True)
        with service("--dev", "--store", f"sqlite:{directory}/a.db") as api:
            assert is_there(api, customer)


def store_with(count):
    with service("--dev", "--store", "sqlite:a.db") as api:
        known = [create(api, f"Customer {i} " + "x" * 200, emails=[f"c{i}@acme.example"])[1]["customerId"] for i in range(count)]
        assert api.stop() == 0
    return known


def check_start_on_damage(how, known):
    """It does not start and says why, or it serves: who is there is right, and what cannot be read is told, never passed over."""
    with contextlib.suppress(OSError):
        os.unlink("service.log")
    try:
        api = harness.Service("--dev", "--store", "sqlite:a.db", "--store-cache", "0")
    except AssertionError as said:
        assert "damaged" in str(said), (how, said)
        return
    try:
        answers = [(i, *api.request("GET", f"{API}/customers/{customer}")) for i, customer in enumerate(known)]
        for i, status, answer in answers:
            right = status == 200 and answer["name"].startswith(f"Customer {i} ")
            assert right or (status == 500 and answer["error"] == "INTERNAL_ERROR"), (how, i, status, answer)
        if any(status == 500 for _, status, _ in answers):
            assert '"error":"STORE_CORRUPT"' in api.log(), (how, api.log()[-2000:])
        assert api.stop() in (0, 2), how
    finally:
        if api.process.poll() is None:
            api.process.kill()
            api.process.wait()


def test_a_damaged_file_is_named_and_a_backup_is_the_way_out():
    known = store_with(60)
    run("backup", "a.backup", "--store", "sqlite:a.db")
    shutil.copy("a.db", "whole.db")
    # A page in the middle, the first page, and the end cut off.
    for how in ("middle", "first", "short", "empty pages"):
        shutil.copy("whole.db", "a.db")
        size = os.path.getsize("a.db")
        with open("a.db", "r+b") as file:
            if how == "middle":
                for page in range(3, size // 4096, 2):
                    file.seek(page * 4096)
                    file.write(os.urandom(512))
            elif how == "first":
                file.write(b"this is no database" * 10)
            elif how == "short":
                file.truncate(size // 2)
            else:
                file.seek(4096)
                file.write(bytes(size // 2))
        said = failures("--full", "--store", "sqlite:a.db")
        assert "store" in said and ("damaged" in said["store"] or "malformed" in said["store"] or "restore" in said["store"]), (how, said)
        check_start_on_damage(how, known)
    for name in ("a.db", "a.db-wal", "a.db-shm"):
        with contextlib.suppress(OSError):
            os.unlink(name)
    run("restore", "a.backup", "--store", "sqlite:a.db")
    with service("--dev", "--store", "sqlite:a.db") as api:
        assert all(is_there(api, customer) for customer in known)


def test_damage_that_appears_while_it_runs_is_named_in_the_log_and_other_requests_go_on():
    with service("--dev", "--store", "sqlite:a.db", "--store-cache", "0", "--store-mmap", "0") as api:
        known = [create(api, f"Customer {i} " + "x" * 200, emails=[f"c{i}@acme.example"])[1]["customerId"] for i in range(200)]
        api.stop()
    with service("--dev", "--store", "sqlite:a.db", "--store-cache", "0", "--store-mmap", "0") as api:
        size = os.path.getsize("a.db")
        with open("a.db", "r+b") as file:
            for page in range(20, size // 4096 - 5, 3):
                file.seek(page * 4096)
                file.write(b"\xff" * 64)
        answers = [api.request("GET", f"{API}/customers/{customer}") for customer in known]
        codes = {status for status, _ in answers}
        assert codes <= {200, 404, 500}, codes
        assert codes != {200}
        for status, answer in answers:
            assert status in (200, 404) or answer["error"] == "INTERNAL_ERROR", answer  # to a caller; the log says why
        assert '"error":"STORE_CORRUPT"' in api.log(), api.log()[-2000:]
        assert api.status_of("/livez") == 200 and api.stop() == 0


def test_a_torn_end_of_the_write_ahead_log_is_cut_and_what_was_acknowledged_is_there():
    for tail in (b"\x00" * 5000, os.urandom(4120), os.urandom(100)):
        with service("--dev", "--store", "sqlite:a.db") as api:
            known = [create(api, f"C {tail[:2]} {i}")[1]["customerId"] for i in range(30)]
            api.process.kill()
            api.process.wait()
        with open("a.db-wal", "ab") as wal:
            wal.write(tail)
        with service("--dev", "--store", "sqlite:a.db") as api:
            assert all(is_there(api, customer) for customer in known)
            assert create(api, f"After {tail[:2]}")[0] == 201
            assert api.stop() == 0
        assert not [f for f in findings("--full", "--store", "sqlite:a.db") if f["severity"] == "FAILURE"]


def test_a_log_that_lost_its_middle_leaves_a_whole_store_of_an_earlier_time():
    with service("--dev", "--store", "sqlite:a.db") as api:
        for i in range(50):
            create(api, f"Customer {i}")
        api.process.kill()
        api.process.wait()
    with open("a.db-wal", "r+b") as wal:
        wal.seek(os.path.getsize("a.db-wal") // 2)
        wal.write(os.urandom(200))
    with service("--dev", "--store", "sqlite:a.db") as api:
        assert create(api, "After")[0] == 201 and api.stop() == 0
    assert not [f for f in findings("--full", "--store", "sqlite:a.db") if f["severity"] == "FAILURE"]


# --- ports, descriptors, the clock, memory ---

def test_a_port_in_use_is_named():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = run("serve", "--dev", "--store", "memory:", "--listen", f"127.0.0.1:{port}", code=2)
        assert f"port {port}" in done.stderr and "in use" in done.stderr, done.stderr


def seconds_used(process):
    with open(f"/proc/{process.pid}/stat", encoding="ascii") as stat:
        return sum(int(ticks) for ticks in stat.read().rsplit(")", 1)[1].split()[11:13]) / os.sysconf("SC_CLK_TCK")


def check_few_descriptors(api):
    """A connection that is there is served, the others wait without burning time, and all is well when they are gone."""
    kept = http.client.HTTPConnection("127.0.0.1", api.port, timeout=20)
    kept.request("GET", "/livez")
    kept.getresponse().read()
    idle = [socket.create_connection(("127.0.0.1", api.port), timeout=20) for _ in range(100)]
    time.sleep(0.2)
    for i in range(20):
        kept.request("POST", f"{API}/customers", json.dumps({"name": f"Kept {i}"}), {"Content-Type": "application/json"})
        response = kept.getresponse()
        assert (response.status, bool(response.read())) == (201, True)
    before = seconds_used(api.process)
    time.sleep(1)
    busy = seconds_used(api.process) - before
    for connection in idle:
        connection.close()
    for i in range(20):  # on every loop
        assert create(api, f"After {i}")[0] == 201
    assert busy < 0.5, f"it used {busy} s of a second while it waited for descriptors"
    assert api.stop() == 0


def test_with_few_descriptors_open_connections_are_served_and_new_ones_when_there_is_room():
    script = write("few", f'#!/bin/sh\nulimit -n 64\nexec {harness.BINARY} "$@"\n')
    os.chmod(script, 0o755)
    binary, harness.BINARY = harness.BINARY, os.path.abspath(script)
    try:
        with service("--dev", "--store", "sqlite:a.db") as api:
            assert "service.connections_are_fewer" in api.log()
            check_few_descriptors(api)
    finally:
        harness.BINARY = binary


class Preloaded:
    """A service whose clock and memory the test has in its hand."""

    def __init__(self, *flags):
        with open("control", "wb") as file:
            file.write(bytes(16))
        self.file = open("control", "r+b")
        self.control = mmap.mmap(self.file.fileno(), 16)
        os.environ.update(LD_PRELOAD=PRELOAD, PRELOAD_CONTROL=os.path.abspath("control"))
        try:
            self.api = Service(*flags)
        finally:
            del os.environ["LD_PRELOAD"], os.environ["PRELOAD_CONTROL"]

    def set_clock(self, seconds):
        self.control[0:8] = struct.pack("q", int(seconds * 1e6))

    def fail_at(self, n):
        self.control[8:16] = struct.pack("q", n)

    def failed(self):
        return struct.unpack("q", self.control[8:16])[0] == -1


@contextlib.contextmanager
def preloaded(*flags):
    if not os.path.exists(PRELOAD):
        raise harness.Skip(f"{PRELOAD} is not built")
    held = Preloaded(*flags)
    try:
        yield held
    finally:
        held.api.kill()


def test_a_clock_set_back_reorders_nothing_and_the_doctor_says_so():
    with preloaded("--dev", "--store", "sqlite:a.db") as held:
        api, names = held.api, []
        customer = create(api, "N0")[1]["customerId"]
        for i, offset in enumerate((0, -3600, -86400, 10, -7200), 1):
            held.set_clock(offset)
            status, answer = api.request("PATCH", f"{API}/customers/{customer}", json.dumps({"name": f"N{i}"}), Content_Type="application/merge-patch+json")
            assert status == 200 and answer["name"] == f"N{i}", answer
            names.append(answer["updatedAt"])
        assert names == sorted(names) and len(set(names)) == len(names), names
        assert api.stop() == 0
    # At the start the clock is behind what is there: a restart an hour before.
    with preloaded("--dev", "--store", "sqlite:a.db") as held:
        held.set_clock(-3600)
        status, answer = held.api.request("PATCH", f"{API}/customers/{customer}", '{"name":"last"}', Content_Type="application/merge-patch+json")
        assert status == 200 and answer["name"] == "last" and answer["updatedAt"] > names[-1], (answer, names)
        with open("control", "r+b") as file:
            file.write(struct.pack("q", -3600 * 10**6))
        environment = {"LD_PRELOAD": PRELOAD, "PRELOAD_CONTROL": os.path.abspath("control")}
        said = json.loads(run("doctor", "--dev", "--json", "--store", "sqlite:a.db", "--listen", "127.0.0.1:0", environment=environment, code=1).stdout)
        assert [f for f in said if f["severity"] == "FAILURE" and "set back" in f["finding"]], said
        assert held.api.stop() == 0


REQUESTS = [
    ("create", "POST", "/customers", '{"name":"M {n}","emails":["m{n}@acme.example"],"contacts":[{"name":"Jane","email":"j{n}@acme.example","role":"BILLING"}]}'),
    ("read", "GET", "/customers/{id}", None),
    ("change", "PATCH", "/customers/{id}", '{"website":"https://{n}.example"}'),
    ("consent", "POST", "/customers/{id}/consent", '{"type":"EMAIL","status":"GRANTED"}'),
    ("list", "GET", "/customers?limit=5", None),
    ("events", "GET", "/events?after=0&limit=20", None),
    ("merge preview", "POST", "/customers/{id}/merge/preview", '{"sourceCustomerId":"{other}"}'),
    ("lookup", "POST", "/customers/lookup", '{"ids":["{id}","{other}"]}'),
    ("metrics", "GET", "/metrics", None),
]


def ask(api, method, path, body):
    """Status and answer, or None when the connection was closed instead."""
    headers = {"Content_Type": "application/merge-patch+json" if method == "PATCH" else "application/json"} if body else {}
    try:
        return api.request(method, path if path.startswith("/metrics") else API + path, body, **headers)
    except (OSError, http.client.HTTPException):
        return None


def test_every_allocation_that_fails_once_is_a_clean_error_and_the_next_request_is_served():
    tried, answers = 0, {}
    with preloaded("--dev", "--store", "sqlite:a.db", "--http-loops", "1", "--store-cache", "1M") as held:
        api = held.api
        ids = [create(api, f"Customer {i}")[1]["customerId"] for i in range(2)]
        for name, method, path, body in REQUESTS:
            missed, n = 0, 0
            while missed < 3 and n < 150:
                n += 1
                fill = lambda text, mark: text and text.replace("{id}", ids[0]).replace("{other}", ids[1]).replace("{n}", f"{mark}{n}x{tried}")
                held.fail_at(n)
                answer = ask(api, method, fill(path, "f"), fill(body, "f"))
                missed = 0 if held.failed() else missed + 1
                held.fail_at(0)
                assert api.process.poll() is None, (name, n, api.log()[-3000:])
                tried += 1
                status = answer[0] if answer else "closed"
                code = answer[1]["error"] if answer and isinstance(answer[1], dict) and "error" in answer[1] else ""
                answers.setdefault((name, status, code), 0)
                answers[(name, status, code)] += 1
                assert status in (200, 201, 413, 503, "closed"), (name, n, answer)
                assert code in ("", "OUT_OF_MEMORY", "SERVICE_UNAVAILABLE"), (name, n, answer)
                again = ask(api, method, fill(path, "g"), fill(body, "g"))
                assert again and again[0] in (200, 201), (name, n, again, api.log()[-2000:])
        assert api.stop() == 0
    assert tried > 100, answers
    assert not [f for f in findings("--full", "--store", "sqlite:a.db") if f["severity"] == "FAILURE"]


def merge_and_back(api, n):
    target, source = (create(api, f"{side} {n}")[1]["customerId"] for side in "AB")
    yield
    status, answer = api.request("POST", f"{API}/customers/{target}/merge", json.dumps({"sourceCustomerId": source}), Content_Type="application/json")
    if status == 200:
        status, answer = api.request("POST", f"{API}/customers/{target}/merges/{answer['mergeId']}/reverse", "")
    yield status, answer


def job_of(api, path, body, **headers):
    status, answer = api.request("POST", API + path, body, **headers)
    deadline = time.monotonic() + 20
    while status == 202:
        with contextlib.suppress(OSError, http.client.HTTPException):
            found, job = api.request("GET", f"{API}/jobs/{answer['jobId']}")
            if found == 200 and job["state"] in ("DONE", "FAILED"):
                return status, job
        assert time.monotonic() < deadline, (path, "the job does not end")
        time.sleep(0.01)
    return status, answer


def import_some(api, n):
    yield
    rows = "".join(f"{n}-{i},Company {n} {i},c{n}x{i}@x.example\n" for i in range(30))
    yield job_of(api, "/imports?source=erp&keyColumn=ID", "ID,name,emails\n" + rows, Content_Type="text/csv")


def export_all(api, n):
    del n
    yield
    yield job_of(api, "/exports", "")


def test_an_allocation_that_fails_deep_in_a_merge_an_import_or_an_export_ends_that_alone():
    with preloaded("--dev", "--store", "sqlite:a.db", "--http-loops", "1") as held:
        api, seen = held.api, {}
        for kind in (merge_and_back, import_some, export_all):
            for n in [*range(100, 400, 30), *range(400, 3000, 210), 9000, 30000, 100000]:
                work = kind(api, n)
                next(work)
                held.fail_at(n)
                try:
                    status, answer = next(work)
                except (OSError, http.client.HTTPException):
                    status, answer = "closed", {}
                held.fail_at(0)
                assert api.process.poll() is None, (kind, n, api.log()[-3000:])
                code = answer.get("error") if status not in (200, 202) else answer.get("state", "")
                assert status in (200, 202, "closed") or code in ("OUT_OF_MEMORY", "SERVICE_UNAVAILABLE"), (kind, n, answer)
                seen[(kind.__name__, code)] = seen.get((kind.__name__, code), 0) + 1
                assert create(api, f"After {kind.__name__} {n}")[0] == 201
        assert any("FAILED" == code for _, code in seen) and any("DONE" == code for _, code in seen), seen
        assert api.stop() == 0
    assert not [f for f in findings("--full", "--store", "sqlite:a.db") if f["severity"] == "FAILURE"]


if __name__ == "__main__":
    if "--preload" in sys.argv:
        at = sys.argv.index("--preload")
        PRELOAD = os.path.abspath(sys.argv[at + 1])
        del sys.argv[at:at + 2]
    harness.main(globals())
