#!/usr/bin/python3
"""What befalls a service through its database: a certificate that does not fit, a server that is away, its disk full.

    tests/operations/harsh_postgres.py [--binary build/customer360] [NAME...]

Prints TAP. Exit status 1 when one failed. What needs root (small file systems) is skipped without.
"""
import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
import harness  # noqa: E402
from harness import run, service, write  # noqa: E402
from operations.harsh import await_status, create, failures, fill_up, is_there, small_file_system  # noqa: E402
from servers.postgres import MIGRATOR, RUNTIME, PostgresServer  # noqa: E402
from servers.service import API  # noqa: E402


def create_soon(api, name):
    """Each loop finds a database that is back by itself."""
    deadline = time.monotonic() + 60
    while (made := create(api, name))[0] != 201:
        assert time.monotonic() < deadline, made
        time.sleep(0.05)
    return made[1]["customerId"]


def make_authority(name):
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", f"/CN={name}",
                    "-keyout", f"{name}.key", "-out", f"{name}.pem"], check=True, capture_output=True)


def make_server_certificate(authority, host):
    subprocess.run(["openssl", "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", f"/CN={host}",
                    "-keyout", "server.key", "-out", "server.csr"], check=True, capture_output=True)
    subprocess.run(["openssl", "x509", "-req", "-in", "server.csr", "-CA", f"{authority}.pem", "-CAkey", f"{authority}.key", "-CAcreateserial",
                    "-days", "2", "-out", "server.crt"], check=True, capture_output=True)


@contextlib.contextmanager
def postgres(*settings):
    server = PostgresServer(["fsync=off", *settings])
    try:
        yield server
    finally:
        server.stop()


def test_tls_to_postgresql_is_verified_and_what_does_not_fit_is_named():
    make_authority("good")
    make_authority("other")
    make_server_certificate("good", "localhost")
    with postgres() as server:
        url = server.new_database(harness.BINARY)
        for name in ("server.key", "server.crt"):
            target = os.path.join(server.data, name)
            shutil.copy(name, target)
            os.chmod(target, 0o600)
            if server.user:
                os.chown(target, server.user.pw_uid, server.user.pw_gid)
        with open(os.path.join(server.data, "postgresql.conf"), "a", encoding="utf-8") as conf:
            conf.write("ssl=on\nssl_cert_file='server.crt'\nssl_key_file='server.key'\n")
        with open(os.path.join(server.data, "pg_hba.conf"), "w", encoding="utf-8") as hba:
            hba.write("local all all trust\nhostssl all customer360_app 127.0.0.1/32 trust\nhost all all 127.0.0.1/32 trust\n")
        server.process.send_signal(signal.SIGINT)
        server.process.wait()
        server.start()
        secure = url.replace("127.0.0.1", "localhost") + "?sslmode=verify-full&sslrootcert={}&hostaddr=127.0.0.1"
        with service("--dev", "--store", secure.format(os.path.abspath("good.pem"))) as api:
            assert create(api, "Over TLS")[0] == 201
            assert server.sql("select min(version) || ' ' || count(*)::text from pg_stat_ssl s join pg_stat_activity a using (pid) "
                              "where a.usename = 'customer360_app' and s.ssl").startswith("TLSv1.3")
        said = failures("--store", secure.format(os.path.abspath("other.pem")))["store"]
        assert "certificate verify failed" in said, said
        said = failures("--store", secure.format(os.path.abspath("good.pem")).replace("@localhost", "@elsewhere.example"))["store"]
        assert "elsewhere.example" in said, said


def test_a_database_that_is_away_at_the_start_and_later_is_waited_for():
    with postgres() as server:
        url = server.new_database(harness.BINARY)
        server.process.send_signal(signal.SIGINT)
        server.process.wait()
        with service("--dev", "--store", url, "--store-connect-timeout", "1s", until="/livez") as api:
            assert api.status_of("/readyz") == 503
            status, answer = create(api, "Nobody")
            assert (status, answer["error"]) == (503, "SERVICE_UNAVAILABLE"), answer
            assert "store.not_ready" in api.log()
            server.start()
            await_status(api, "/readyz", 200)
            known = [create_soon(api, f"C {i}") for i in range(5)]
            server.kill()
            status, answer = create(api, "Away")
            assert status == 503 and answer["error"] in ("SERVICE_UNAVAILABLE", "OUTCOME_UNKNOWN"), answer
            assert api.status_of("/livez") == 200 and api.status_of("/readyz") == 503
            with contextlib.suppress(FileNotFoundError):
                os.unlink(os.path.join(server.data, "postmaster.pid"))
            server.start()
            await_status(api, "/readyz", 200)
            create_soon(api, "Back")
            for customer in known:
                await_status(api, f"{API}/customers/{customer}", 200)
            assert api.stop() == 0


def test_a_full_disk_of_postgresql_refuses_writes_and_is_over_with_room():
    with small_file_system(24) as directory, postgres() as server:
        space = os.path.abspath(os.path.join(directory, "space"))
        os.mkdir(space, 0o700)
        if server.user:
            os.chown(space, server.user.pw_uid, server.user.pw_gid)
        os.chmod(".", 0o755)
        server.sql(f"create tablespace small owner {MIGRATOR} location '{space}'")
        server.sql(f"create database full_one owner {MIGRATOR} tablespace small")
        owner, url = server.url("full_one", MIGRATOR), server.url("full_one", RUNTIME)
        run("migrate", "--store-migration-url", owner, "--store-runtime-role", RUNTIME)
        with service("--dev", "--store", url) as api:
            known = [create(api, f"Before {i}")[1]["customerId"] for i in range(5)]
            filler, refused = fill_up(directory), 0
            for i in range(600):
                status, answer = create(api, f"During {i} " + "x" * 200, segment="y" * 60, website="https://z.example/" + "z" * 200)
                if status == 201:
                    known.append(answer["customerId"])
                    continue
                assert (status, answer["error"]) == (507, "STORE_FULL"), answer
                refused += 1
                if refused > 3:
                    break
            assert refused > 3
            assert all(is_there(api, customer) for customer in known[:50])
            os.unlink(filler)
            assert create(api, "After")[0] == 201 and all(is_there(api, customer) for customer in known)
            assert api.stop() == 0


def ask_until(api, enough, number, seen):
    """Creates and reads by turns; (status, seconds) of each."""
    count = 0
    while not enough.is_set():
        count += 1
        began = time.monotonic()
        status = create(api, f"Cut {number} {count}")[0] if count % 2 else api.status_of(f"{API}/customers/CUST-{count}")
        seen.append((status, time.monotonic() - began))


def test_connections_that_are_cut_again_and_again_are_made_again_and_nobody_hangs():
    """A new socket often has the number of the one before: an answer that nobody watches for would come with the time out, 25 s later."""
    with postgres() as server, service("--dev", "--store", server.new_database(harness.BINARY)) as api:
        seen, enough = [], threading.Event()
        clients = [threading.Thread(target=ask_until, args=(api, enough, number, seen)) for number in range(6)]
        for client in clients:
            client.start()
        for _ in range(60):
            server.cut_connections()
        enough.set()
        for client in clients:
            client.join()
        assert {status for status, _ in seen} <= {201, 404, 503, 504}, {status for status, _ in seen}
        assert max(seconds for _, seconds in seen) < 20, max(seconds for _, seconds in seen)
        for number in range(20):  # of both loops
            create_soon(api, f"After {number}")
            await_status(api, f"{API}/customers/CUST-NOBODY", 404)
        assert api.stop() == 0


def test_two_imports_at_once_of_customers_that_only_weight_knows_create_each_once():
    syllables = "ka ro mi lan ber son ten dal fi gru ha jo ne per qui ras sto tu ul ver".split()

    def word(number):
        return "".join(syllables[number // 20 ** place % 20] for place in range(3)).title()
    people = [{"kind": "PERSON", "name": f"{word(7 * n + 11)} {word(4001 - 13 * n)}", "dateOfBirth": f"{1940 + n % 60}-0{1 + n % 9}-{10 + n % 19}",
               "addresses": [{"line1": f"{n + 1} {word(31 * n)} Street", "city": word(n), "postalCode": str(10000 + n * 97)}]} for n in range(300)]
    write("people.ndjson", "".join(json.dumps(person) + "\n" for person in people))
    with postgres() as server:
        command = [harness.BINARY, "import", "people.ndjson", "--store", server.new_database(harness.BINARY), "--json", "--matching-match-weight", "6",
                   "--privacy-suppression-key-file", write("key", "000102030405060708090a0b0c0d0e0f\n")]
        alone = json.loads(subprocess.run(command[:2] + ["people.ndjson", "--tenant", "alone"] + command[3:], check=True, capture_output=True, text=True).stdout)
        again = json.loads(subprocess.run(command[:2] + ["people.ndjson", "--tenant", "alone"] + command[3:], check=False, capture_output=True, text=True).stdout)
        assert (alone["created"], again["duplicates"]) == (300, 300), (alone, again)  # they are certain, one after the other
        running = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
        counts = [json.loads(one.communicate(timeout=120)[0]) for one in running]
        assert sum(count["created"] for count in counts) == 300 and sum(count["duplicates"] for count in counts) == 300, counts


def test_two_customers_that_become_one_at_the_same_moment_are_in_the_queue():
    with postgres() as server, service("--dev", "--store", server.new_database(harness.BINARY)) as api:
        def become(customer, number, together):
            together.wait()
            status, answer = api.request("PATCH", f"{API}/customers/{customer}", json.dumps({"name": f"Same {number}", "emails": [f"same@{number}.example"]}),
                                         Content_Type="application/merge-patch+json")
            assert status == 200, answer

        pairs = []
        for number in range(40):
            pairs.append({create(api, f"{side} {number}")[1]["customerId"] for side in ("Left", "Right")})
            together = threading.Barrier(2)
            clients = [threading.Thread(target=become, args=(customer, number, together)) for customer in pairs[-1]]
            for client in clients:
                client.start()
            for client in clients:
                client.join()
        queued = [{side["customerId"] for side in item["customers"]} for item in api.request("GET", f"{API}/duplicates?limit=100")[1]["items"]]
        assert all(pair in queued for pair in pairs), [pair for pair in pairs if pair not in queued]


if __name__ == "__main__":
    harness.main(globals())
