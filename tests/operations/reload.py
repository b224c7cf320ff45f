#!/usr/bin/python3
"""A new configuration and a new certificate while requests are under way.

    tests/operations/reload.py [--binary build/customer360] [NAME...]

Prints TAP. Exit status 1 when one failed.
"""
import http.client
import json
import os
import signal
import ssl
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
import harness  # noqa: E402
from harness import Service, service, write  # noqa: E402
from servers.service import API  # noqa: E402

def make_certificate(serial, days=30):
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "new-key.pem",
                    "-out", "new-chain.pem", "-subj", "/CN=localhost", "-set_serial", str(serial), "-days", str(days)],
                   check=True, capture_output=True)


def install_certificate():
    os.rename("new-key.pem", "key.pem")
    os.rename("new-chain.pem", "chain.pem")


def trusting():
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


class TlsService(Service):
    def connect(self):
        return http.client.HTTPSConnection("127.0.0.1", self.port, timeout=60, context=trusting())

    def serial(self):
        pem = ssl.get_server_certificate(("127.0.0.1", self.port))
        done = subprocess.run(["openssl", "x509", "-noout", "-serial"], input=pem, text=True, capture_output=True, check=True)
        return int(done.stdout.strip().split("=")[1], 16)


def hang_up(api, event):
    """SIGHUP, and the log's line about it."""
    before = len(api.log())
    api.process.send_signal(signal.SIGHUP)
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        lines = [json.loads(line) for line in api.log()[before:].splitlines() if line.startswith("{")]
        for line in lines:
            if line["event"] == event:
                return line, lines
        time.sleep(0.01)
    raise AssertionError(f"no {event}: {api.log()[before:]}")


def ask_all_the_time(api, stop, failures, counts, number, keep):
    """Requests one after the other, over one connection or a new one for each."""
    connection = api.connect()
    while not stop.is_set():
        try:
            connection.request("POST", f"{API}/customers", json.dumps({"name": f"C{number}-{counts[number]}"}),
                               {"Content-Type": "application/json"})
            response = connection.getresponse()
            response.read()
            if response.status != 201 or (keep and response.getheader("Connection") == "close"):
                failures.append((response.status, response.getheaders()))
            counts[number] += 1
        except OSError as error:
            failures.append(error)
            connection.close()
            connection = api.connect()
        if not keep:
            connection.close()
            connection = api.connect()
    connection.close()


def await_true(holds, said, patience_s=60):
    deadline = time.monotonic() + patience_s
    while not holds():
        assert time.monotonic() < deadline, said()
        time.sleep(0.01)


def test_a_new_certificate_is_taken_under_load_and_no_connection_is_dropped():
    make_certificate(1)
    install_certificate()
    with service("--dev", "--store", "sqlite:a.db", "--tls-certificate", "chain.pem", "--tls-key", "key.pem", kind=TlsService) as api:
        stop, failures, counts = threading.Event(), [], [0] * 6
        clients = [threading.Thread(target=ask_all_the_time, args=(api, stop, failures, counts, i, i < 4)) for i in range(6)]
        for client in clients:
            client.start()
        assert api.serial() == 1
        for serial in range(2, 8):
            make_certificate(serial)
            install_certificate()
            hang_up(api, "configuration.reloaded")
            assert api.serial() == serial
            before = list(counts)
            await_true(lambda: failures or all(now > old for now, old in zip(counts, before)), lambda: counts)
        stop.set()
        for client in clients:
            client.join()
        assert not failures, failures[:3]
        # What is no certificate, or has another key, is refused and the last good one stays.
        make_certificate(9)
        os.rename("new-chain.pem", "chain.pem")
        assert "does not fit" in hang_up(api, "configuration.refused")[0]["reason"]
        write("chain.pem", "nonsense")
        assert hang_up(api, "configuration.refused")[0]["key"] == "tls"
        os.unlink("chain.pem")
        assert "chain.pem" in hang_up(api, "configuration.refused")[0]["reason"]
        assert api.serial() == 7 and api.stop() == 0


CONFIGURATION = """
[identity]
gateway_peers = {peers}
[http]
rate_limit = {rate}
body_max = {body}
[log]
level = {level}
[policy]
file = {policy}
"""


def configure(peers="10.0.0.0/8", rate=0, body="1M", level="info", policy=""):
    write("c.conf", CONFIGURATION.format(peers=peers, rate=rate, body=body, level=level, policy=policy))


def status_of(api):
    return api.status_of(f"{API}/customers", X_Tenant_ID="acme", X_User_Id="jane", X_User_Permissions="*")


def test_keys_that_reload_are_taken_and_others_are_named():
    configure()
    with service("--config", "c.conf", "--store", "memory:") as api:
        assert status_of(api) == 401
        configure(peers="127.0.0.0/8", rate=2, body="2M")
        _, lines = hang_up(api, "configuration.reloaded")
        assert [line["key"] for line in lines if line["event"] == "configuration.needs_restart"] == ["http.body_max"], lines
        assert [status_of(api) for _ in range(3)] == [200, 200, 429]
        configure(peers="127.0.0.0/8")
        hang_up(api, "configuration.reloaded")
        assert [status_of(api) for _ in range(5)] == [200] * 5
        write("p.json", '{"acme":{"fields":{"name":"longest"}}}')
        configure(peers="127.0.0.0/8", rate=1, policy="p.json", level="error")
        api.process.send_signal(signal.SIGHUP)
        await_true(lambda: 429 in [status_of(api) for _ in range(3)], api.log)  # at this level nothing else says that it was read
        before = len(api.log())
        assert api.stop() == 0 and "service.stopping" not in api.log()[before:]


def test_a_bad_configuration_is_refused_whole_and_the_old_one_stays():
    configure(peers="127.0.0.0/8")
    with service("--config", "c.conf", "--store", "memory:") as api:
        write("p.json", '{"acme":{"fields":{"name":"loudest"}}}')
        for key, change in (("identity.gateway_peers", {"peers": "nowhere"}), ("http.rate_limit", {"rate": "many"}), ("policy.file", {"policy": "p.json"}),
                            ("identity.jwks_file", {"peers": ""})):
            configure(**{"peers": "10.0.0.0/8", "rate": 1, **change})
            line, _ = hang_up(api, "configuration.refused")
            assert line["key"] == key and line["reason"], line
            assert [status_of(api) for _ in range(3)] == [200] * 3, key
        write("c.conf", "[http]\nlisten_to = x\n")
        assert "c.conf:2" in hang_up(api, "configuration.refused")[0]["reason"]
        os.unlink("c.conf")
        assert "c.conf" in hang_up(api, "configuration.refused")[0]["reason"]
        assert [status_of(api) for _ in range(3)] == [200] * 3 and api.stop() == 0


if __name__ == "__main__":
    harness.main(globals())
