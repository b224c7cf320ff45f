#!/usr/bin/python3
"""Two instances over one PostgreSQL: what one begins the other sees, and goes on with when the first is gone.

    tests/operations/instances.py [--binary build/customer360] [NAME...]

Prints TAP. Exit status 1 when one failed.
"""
import contextlib
import http.client
import json
import os
import signal
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
import harness  # noqa: E402
from harness import Service, write  # noqa: E402
from servers.postgres import PostgresServer  # noqa: E402
from servers.service import API  # noqa: E402

SERVER = None
LEASE_S = 2
JSON = {"Content_Type": "application/json"}


@contextlib.contextmanager
def instances(count=2, *flags):
    """Of one service: they share a database and a key, and nothing else."""
    url = SERVER.new_database(harness.BINARY)
    key = write("key", "000102030405060708090a0b0c0d0e0f\n")
    running = []
    try:
        for number in range(count):
            running.append(Service("--dev", "--store", url, "--privacy-suppression-key-file", key, "--jobs-directory", f"jobs-{number}",
                                   "--jobs-lease", f"{LEASE_S}s", "--jobs-batch", "20", "--store-statement-timeout", "4s", *flags))
        yield running
    finally:
        for api in running:
            api.kill()


def read(api, path, patience_s=60):
    """An instance that was stopped finds that its sessions were ended: it may say 503, as it tells when to ask again."""
    deadline = time.monotonic() + patience_s
    while (answer := api.request("GET", f"{API}{path}"))[0] == 503 and time.monotonic() < deadline:
        time.sleep(0.1)
    assert answer[0] == 200, answer
    return answer[1]


def job(api, job_id):
    return read(api, f"/jobs/{job_id}")


def await_job(api, job_id, is_there, patience_s=120):
    deadline = time.monotonic() + patience_s
    while not is_there(row := job(api, job_id)):
        assert time.monotonic() < deadline, row
        time.sleep(0.02)
    return row


def has_ended(row):
    return row["state"] not in ("QUEUED", "RUNNING")


def customers(api):
    found, after = [], ""
    while True:
        page = read(api, f"/customers?limit=500{after}")
        found += page["items"]
        if not page["next"]:
            return found
        after = f"&cursor={page['next']}"


def upload(rows, first):
    return "ID,name,emails\n" + "".join(f"{n},Company {n},info{n}@company{n}.example\n" for n in range(first, first + rows))


def start_import(api, rows, first=0):
    path = f"{API}/imports?source=erp&onDuplicate=allow"
    status, row = api.request("POST", path + "&mapping=%7B%22ID%22%3Anull%7D", upload(rows, first), Content_Type="text/csv")
    assert status == 202, row
    return row["jobId"]


def assert_each_row_once(api, rows):
    names = sorted(item["name"] for item in customers(api))
    assert names == sorted(f"Company {n}" for n in range(rows)), (len(names), rows)


def begun(api, job_id):
    """In the middle of it: some rows are in, others are not."""
    return await_job(api, job_id, lambda row: row["progress"].get("rows", 0) > 0 or has_ended(row))


def import_under_way(api, rows):
    """(its id, the customers when it is done): in the middle of it. One that had ended before that was seen is followed by another."""
    for tries in range(10):
        job_id = start_import(api, rows, tries * rows)
        if not has_ended(begun(api, job_id)):
            return job_id, (tries + 1) * rows
    raise AssertionError("each import ended before it was seen to run")


def test_an_import_whose_instance_is_killed_is_gone_on_with_by_another():
    with instances() as (first, second):
        rows = 3000
        stop_others(second)  # or it might be the one that takes it
        job_id, total = import_under_way(first, rows)
        second.process.send_signal(signal.SIGCONT)
        first.process.kill()
        first.process.wait()
        row = await_job(second, job_id, has_ended)
        assert row["state"] == "DONE" and row["progress"]["created"] == rows, row
        assert_each_row_once(second, total)  # which have no key: nothing but the job's steps tells them apart
        assert "job.goes_on" in second.log()


def stop_others(api):
    api.process.send_signal(signal.SIGSTOP)


def await_log(api, text):
    deadline = time.monotonic() + 120
    while text not in api.log():
        assert time.monotonic() < deadline, api.log()
        time.sleep(0.01)


def paused_and_continued(when):
    """The first is stopped in the middle of an import; the second takes it over; the first goes on `when` that is said."""
    with instances() as (first, second):
        rows = 10000
        stop_others(second)
        job_id, total = import_under_way(first, rows)
        first.process.send_signal(signal.SIGSTOP)
        second.process.send_signal(signal.SIGCONT)
        try:
            await_log(second, when)
        finally:
            first.process.send_signal(signal.SIGCONT)
        row = await_job(second, job_id, has_ended)
        assert row["state"] == "DONE" and row["progress"]["created"] == rows, row
        yield first
        assert job(first, job_id) == row
        assert_each_row_once(first, total)
        status, made = first.request("POST", f"{API}/customers", '{"name":"Awake again"}', **JSON)
        assert status == 201, made
        read(second, f"/customers/{made['customerId']}")


def test_an_instance_that_was_paused_past_its_lease_is_fenced_off():
    for first in paused_and_continued("job.goes_on"):
        await_log(first, "job.taken_over")


def test_an_instance_that_comes_back_when_all_is_done_does_no_harm():
    for first in paused_and_continued("job.ended"):
        await_log(first, '"outcome":"JOB_ENDED"')


def test_what_an_orderly_stop_leaves_another_takes_at_once():
    with instances() as (first, second):
        rows = 3000
        stop_others(second)
        job_id, total = import_under_way(first, rows)
        second.process.send_signal(signal.SIGCONT)
        assert first.stop() == 0
        row = await_job(second, job_id, has_ended)
        assert row["state"] == "DONE" and row["progress"]["created"] == rows, row
        assert_each_row_once(second, total)


def test_an_undo_and_a_scan_and_an_export_outlive_their_instance():
    with instances(3) as (first, second, third):
        rows = 2000
        import_id = start_import(first, rows)
        assert await_job(first, import_id, has_ended)["state"] == "DONE"
        stop_others(second)
        stop_others(third)
        jobs = [first.request("POST", f"{API}{path}", body, **JSON)[1]["jobId"]
                for path, body in (("/exports", ""), ("/duplicates/scan", "{}"), (f"/imports/{import_id}/undo", ""))]
        time.sleep(0.2)
        for api in (second, third):
            api.process.send_signal(signal.SIGCONT)
        first.process.kill()
        first.process.wait()
        for job_id in jobs:
            row = await_job(second, job_id, has_ended)
            assert row["state"] == "DONE", row
        assert not customers(third)
        export = third.request("GET", f"{API}/jobs/{jobs[0]}/result")[1]
        assert export.splitlines()[-1].startswith('{"record":"END"'), export[-200:]  # of whichever instance made it


def test_jobs_of_one_tenant_run_in_their_order_wherever_they_run():
    with instances() as (first, second):
        for number in range(6):
            api = (first, second)[number % 2]
            status, row = api.request("POST", f"{API}/imports?source=erp&keyColumn=ID&onDuplicate=allow",
                                      "ID,name\n" + "".join(f"{n},Name {number}\n" for n in range(200)), Content_Type="text/csv")
            assert status == 202, row
        assert await_job(first, row["jobId"], has_ended)["state"] == "DONE"
        assert {item["name"] for item in customers(second)} == {"Name 5"}


def test_a_cancellation_reaches_whichever_instance_runs_the_job():
    with instances() as (first, second):
        job_id = start_import(first, 20000)
        begun(second, job_id)
        assert second.request("POST", f"{API}/jobs/{job_id}/cancel")[0] == 200
        time.sleep(1)
        there = len(customers(first))
        time.sleep(1)
        assert len(customers(second)) == there < 20000


@contextlib.contextmanager
def held_up_creates():
    session = subprocess.Popen([os.path.join(SERVER.bin, "psql"), "-X", "-q", "-A", "-t", SERVER.url(f"customer360_{SERVER.count}", "postgres")],
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    session.stdin.write("begin; lock table profile in share mode; select 'held';\n")
    session.stdin.flush()
    assert session.stdout.readline() == "held\n"
    try:
        yield
    finally:
        session.communicate("rollback;\n")


def keyed(api, key, body):
    return api.request("POST", f"{API}/customers", json.dumps(body), Idempotency_Key=key, **JSON)


def test_a_key_is_one_on_all_instances():
    with instances() as (first, second):
        made = keyed(first, "one", {"name": "Acme"})
        assert made[0] == 201
        assert keyed(second, "one", {"name": "Acme"}) == made  # kept on A, read on B
        assert keyed(second, "one", {"name": "Other"})[1]["error"] == "IDEMPOTENCY_KEY_REUSED"
        assert len(customers(first)) == 1


def test_a_key_in_flight_on_one_instance_is_refused_on_another():
    """A create is held up in its unit of work by somebody who has locked the table."""
    with instances() as (first, second):
        with held_up_creates():
            answers = {}
            thread = threading.Thread(target=lambda: answers.update(first=keyed(first, "slow", {"name": "Acme"})))
            thread.start()
            time.sleep(0.5)
            status, refusal = keyed(second, "slow", {"name": "Acme"})
            assert (status, refusal["error"]) == (409, "REQUEST_IN_FLIGHT"), refusal
        thread.join(20)
        assert answers["first"][0] == 201, answers
        assert keyed(second, "slow", {"name": "Acme"}) == answers["first"]


def test_many_retries_of_one_key_on_both_instances_make_one_customer():
    with instances() as (first, second):
        for round_number in range(20):
            answers = []

            def ask(api, key=f"round-{round_number}", answers=answers):
                with contextlib.suppress(OSError, http.client.HTTPException):
                    answers.append(keyed(api, key, {"name": f"Firm {key}", "emails": [f"{key}@x.example"]}))

            threads = [threading.Thread(target=ask, args=(api,)) for api in (first, second) * 4]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            assert {status for status, _ in answers} <= {201, 409}, answers
            assert len({body["customerId"] for status, body in answers if status == 201}) == 1, answers
        assert len(customers(first)) == 20


# --- limits that hold for all ---

RATE = 20


def await_instances(apis, count):
    deadline = time.monotonic() + 60
    while {api.metric("customer360_instances") for api in apis} != {count}:
        assert time.monotonic() < deadline, [api.metric("customer360_instances") for api in apis]
        time.sleep(0.05)


def ask_in_vain(apis, seconds):
    """(how many requests of one tenant are let through, how long it took): at all instances at once, as many as they answer."""
    allowed, begun, lock = 0, time.monotonic(), threading.Lock()

    def ask(api):
        nonlocal allowed
        connection = api.connect()
        while time.monotonic() < begun + seconds:
            connection.request("GET", f"{API}/customers?limit=1")
            response = connection.getresponse()
            response.read()
            with lock:
                allowed += response.status == 200
            if response.status == 429:
                time.sleep(0.005)
        connection.close()

    threads = [threading.Thread(target=ask, args=(api,)) for api in apis for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return allowed, time.monotonic() - begun


def remaining(api):
    connection = api.connect()
    try:
        connection.request("GET", f"{API}/customers?limit=1")
        response = connection.getresponse()
        response.read()
        return int(response.headers["RateLimit-Limit"]), int(response.headers["RateLimit-Remaining"])
    finally:
        connection.close()


def await_remaining(api, least):
    """When nobody asks any more, a second's worth of its part is left."""
    deadline = time.monotonic() + 60
    while (left := remaining(api)) < (RATE, least):
        assert time.monotonic() < deadline, left
        time.sleep(1)
    assert left == (RATE, least), left


def test_instances_share_the_limit_of_a_tenant():
    with instances(2, "--http-rate-limit", str(RATE), "--http-rate-limit-lease", "2s") as (first, second):
        await_instances((first, second), 2)
        allowed, seconds = ask_in_vain((first, second), 3)
        assert RATE <= allowed <= RATE * (seconds + 1) + 2, (allowed, seconds)
        await_remaining(second, RATE // 2 - 1)
        first.process.kill()
        first.process.wait()
        await_instances((second,), 1)  # has what is left by the other
        await_remaining(second, RATE - 1)
        first.start()
        await_instances((first, second), 2)
        connection = first.connect()
        connection.putrequest("POST", f"{API}/customers")
        connection.putheader("Content-Type", "application/json")
        connection.putheader("Content-Length", "100")
        connection.endheaders(b"{")  # under way, as long as the drain lasts
        time.sleep(0.2)
        first.process.terminate()
        await_instances((second,), 1)
        assert first.process.poll() is None, "it is counted until its drain is over"
        connection.close()
        assert first.process.wait(30) == 0


if __name__ == "__main__":
    SERVER = PostgresServer(["fsync=off"])
    try:
        harness.main(globals())
    finally:
        SERVER.stop()
