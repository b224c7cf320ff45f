#!/usr/bin/python3
"""Webhooks as their receivers see them: real servers on loopback, over HTTP and HTTPS, some of them bad.

    tests/webhooks/deliver.py [--store sqlite|postgres] [--binary build/customer360] [NAME...]

Prints TAP. Exit status 1 when one failed.
"""
import argparse
import collections
import http.client
import json
import os
import re
import socket
import subprocess
import sys
import tempfile
import threading
import time
import traceback

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path[:0] = [HERE, os.path.join(ROOT, "tests")]
from receiver import Receiver  # noqa: E402
from servers.service import API  # noqa: E402
from servers.stores import Stores, key_flags, serve  # noqa: E402

LOOPBACK = ["--webhooks-internal-networks", "127.0.0.0/8", "--webhooks-plain-http"]
QUICK = [*LOOPBACK, "--webhooks-retry-first", "100ms", "--webhooks-lease", "3s"]
PLACE = None


def documented_verifier():
    """The one that the documentation gives to receivers."""
    with open(os.path.join(ROOT, "docs", "webhooks.md"), encoding="utf-8") as file:
        text = re.search(r"```python\n(.*?)```", file.read(), re.S).group(1)
    scope = {}
    exec(compile(text, "docs/webhooks.md", "exec"), scope)  # pylint: disable=exec-used
    return scope["verify"]


verify = documented_verifier()


class Place:
    def __init__(self, store, binary):
        self.binary, self.stores, self.opened = binary, Stores(store, binary), []

    def service(self, *flags, url=None):
        self.opened.append(Api(serve(self.binary, url or self.stores.new(), list(flags) or QUICK)))
        return self.opened[-1]

    def receiver(self, *args, **more):
        self.opened.append(Receiver(*args, **more))
        return self.opened[-1]

    def clear(self):
        for thing in reversed(self.opened):
            thing.stop()
        self.opened = []


class Api:
    def __init__(self, service, tenant="default"):
        self.service, self.tenant, self.number = service, tenant, 0

    def stop(self):
        self.service.stop()

    def ask(self, method, path, body=None, expect=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.service.port, timeout=30)
        connection.request(method, API + path, json.dumps(body) if body is not None else None,
                           {"Content-Type": "application/json", "X-Tenant-ID": self.tenant})
        answer = connection.getresponse()
        text = answer.read().decode()
        connection.close()
        assert answer.status < 300 if expect is None else answer.status == expect, (method, path, answer.status, text)
        return json.loads(text) if text.startswith("{") else text

    def hook(self, url, **more):
        return self.ask("POST", "/webhooks", {"url": url, **more})

    def get(self, hook):
        return self.ask("GET", f"/webhooks/{hook['webhookId']}")

    def log(self, hook, query=""):
        return self.ask("GET", f"/webhooks/{hook['webhookId']}/deliveries?limit=500{query}")["items"]

    def create(self, customer=None):
        self.number += 1
        body = {"name": f"Customer {self.number}", **({"customerId": customer} if customer else {})}
        return self.ask("POST", "/customers?onDuplicate=allow", body)["customerId"]

    def change(self, customer, text):
        return self.ask("PATCH", f"/customers/{customer}", {"segment": text})

    def feed(self):
        return [json.loads(line) for line in self.service.read(API + "/events?after=0&limit=10000").splitlines()]

    def metric(self, name):
        return self.service.metric(name)


def wait_for(what, seconds=20):
    deadline = time.monotonic() + seconds
    while not (got := what()):
        assert time.monotonic() < deadline, "it does not come"
        time.sleep(0.02)
    return got


def test_every_event_comes_as_the_feed_has_it_and_signed():
    api, receiver = PLACE.service(), PLACE.receiver()
    hook = api.hook(receiver.url)
    for number in range(20):
        api.change(api.create(f"C-{number}"), "SMB")
    api.ask("POST", "/customers/C-0/merge", {"sourceCustomerId": "C-1"})
    wait_for(lambda: receiver.count >= 41)
    assert sorted(receiver.events(), key=lambda e: e["position"]) == api.feed()
    for request in receiver.requests:
        verify(hook["secret"], request.headers, request.body)
        assert request.headers["webhook-id"] == json.loads(request.body)["eventId"]
        assert re.match(r"00-[0-9a-f]{32}-", request.headers["traceparent"]), request.headers
    of = collections.defaultdict(list)
    for event in receiver.events():
        of[event["aggregateId"]].append(event["position"])
    assert all(positions == sorted(positions) for positions in of.values())
    assert {row["outcome"] for row in api.log(hook)} == {"DELIVERED"}
    assert all(row["httpStatus"] == 204 for row in api.log(hook))


def test_a_changed_body_or_another_secret_is_noticed():
    api, receiver = PLACE.service(), PLACE.receiver()
    hook = api.hook(receiver.url)
    other = api.hook(receiver.url)
    api.create()
    wait_for(lambda: receiver.count >= 2)
    signed = [[verifies(h, r) for h in (hook, other)] for r in receiver.requests]
    assert sorted(signed) == [[False, True], [True, False]], signed
    request = receiver.requests[0]
    assert not any(verifies(h, request._replace(body=request.body + b" ")) for h in (hook, other))


def verifies(hook, request):
    try:
        verify(hook["secret"], request.headers, request.body)
        return True
    except ValueError:
        return False


def test_only_the_types_that_were_asked_for_come():
    api, receiver = PLACE.service(), PLACE.receiver()
    hook = api.hook(receiver.url, eventTypes=["CustomerProfileUpdatedEvent"])
    customer = api.create()
    api.change(customer, "A")
    api.change(api.create(), "B")
    wait_for(lambda: receiver.count >= 2)
    time.sleep(0.3)
    assert [e["eventType"] for e in receiver.events()] == ["CustomerProfileUpdatedEvent"] * 2
    wait_for(lambda: api.get(hook)["delivery"]["position"] == api.feed()[-1]["position"])


def test_a_new_secret_signs_beside_the_old_one():
    api, receiver = PLACE.service(), PLACE.receiver()
    hook = api.hook(receiver.url)
    renewed = api.ask("POST", f"/webhooks/{hook['webhookId']}/secret", {"overlapSeconds": 3600})
    api.ask("POST", f"/webhooks/{hook['webhookId']}/test")
    wait_for(lambda: receiver.count >= 1)
    assert len(receiver.requests[0].headers["webhook-signature"].split(" ")) == 2
    assert verifies(hook, receiver.requests[0]) and verifies(renewed, receiver.requests[0])
    last = api.ask("POST", f"/webhooks/{hook['webhookId']}/secret", {"overlapSeconds": 0})
    api.ask("POST", f"/webhooks/{hook['webhookId']}/test")
    wait_for(lambda: receiver.count >= 2)
    assert [verifies(h, receiver.requests[1]) for h in (hook, renewed, last)] == [False, False, True]


def test_a_customer_that_fails_holds_back_itself_alone():
    api = PLACE.service()
    broken = threading.Event()
    broken.set()
    receiver = PLACE.receiver(lambda r: 500 if broken.is_set() and b'"C-bad"' in r.body else 200)
    hook = api.hook(receiver.url)
    for number in range(10):
        api.create("C-bad") if number == 0 else api.change("C-bad", f"S{number}")
        api.create()
    wait_for(lambda: sum(1 for e in receiver.events() if e["aggregateId"] != "C-bad") == 10)
    assert {e["position"] for e in receiver.events() if e["aggregateId"] == "C-bad"} == {1}
    wait_for(lambda: api.get(hook)["delivery"]["held"] >= 1)
    assert api.get(hook)["status"] == "ACTIVE"
    broken.clear()
    api.create()
    wait_for(lambda: len({e["position"] for e in receiver.events() if e["aggregateId"] == "C-bad"}) == 10, 60)
    got = [e["position"] for e in receiver.events() if e["aggregateId"] == "C-bad"]
    assert sorted(got) == got, got
    wait_for(lambda: api.get(hook)["delivery"]["held"] == 0)
    assert {row["outcome"] for row in api.log(hook, "&failed=true")} == {"RETRY"}


def test_a_receiver_that_was_away_gets_all_when_it_is_back():
    api = PLACE.service()
    receiver = PLACE.receiver()
    port = receiver.port
    hook = api.hook(receiver.url)
    PLACE.opened.remove(receiver)
    receiver.stop()
    for number in range(40):
        api.create(f"C-{number}")
    wait_for(lambda: api.get(hook)["delivery"]["failuresInARow"] >= 5)
    assert api.get(hook)["delivery"]["failingSince"]
    wait_for(lambda: api.metric("customer360_webhooks_failing") == 1)
    back = PLACE.receiver(port=port)
    wait_for(lambda: len({e["position"] for e in back.events()}) == 40, 60)
    wait_for(lambda: api.metric("customer360_webhooks_failing") == 0)


def test_410_disables_and_active_goes_on():
    api = PLACE.service()
    gone = threading.Event()
    gone.set()
    receiver = PLACE.receiver(lambda r: 410 if gone.is_set() else 204)
    hook = api.hook(receiver.url)
    api.create("C-1")
    wait_for(lambda: api.get(hook)["status"] == "DISABLED")
    assert api.get(hook)["disabledBecause"] == "GONE" and api.get(hook)["disabledAt"]
    api.create("C-2")
    time.sleep(0.5)
    assert receiver.count == 1
    wait_for(lambda: api.metric("customer360_webhooks_disabled") == 1)
    gone.clear()
    api.ask("PATCH", f"/webhooks/{hook['webhookId']}", {"status": "ACTIVE"})
    wait_for(lambda: receiver.count == 3)
    assert [e["aggregateId"] for e in receiver.events()][1:] == ["C-1", "C-2"]


def test_failing_for_long_disables():
    api = PLACE.service(*LOOPBACK, "--webhooks-retry-first", "10ms", "--webhooks-disable-after", "1s", "--webhooks-disable-failures", "3")
    receiver = PLACE.receiver(lambda r: 500)
    hook = api.hook(receiver.url)
    for number in range(8):
        api.create(f"C-{number}")
    wait_for(lambda: api.get(hook)["status"] == "DISABLED", 60)
    assert api.get(hook)["disabledBecause"] == "FAILING"


def test_redirections_are_not_followed():
    api, other = PLACE.service(), PLACE.receiver()
    receiver = PLACE.receiver(lambda r: (307, {"Location": other.url}))
    hook = api.hook(receiver.url)
    api.create()
    wait_for(lambda: api.log(hook))
    assert api.log(hook)[0]["httpStatus"] == 307 and api.log(hook)[0]["outcome"] == "RETRY"
    assert other.count == 0


def test_retry_after_is_honoured():
    api = PLACE.service()
    receiver = PLACE.receiver(lambda r: (503, {"Retry-After": "2"}) if receiver.count == 1 else 204)
    api.hook(receiver.url)
    api.create()
    wait_for(lambda: receiver.count >= 1)
    api.create()
    wait_for(lambda: receiver.count >= 3)
    assert receiver.requests[1].at - receiver.requests[0].at >= 1.9


def test_internal_addresses_are_not_connected_to_whatever_the_name():
    api = PLACE.service("--webhooks-plain-http")
    receiver = PLACE.receiver()
    for url in (receiver.url, f"http://localhost:{receiver.port}/", f"http://[::ffff:127.0.0.1]:{receiver.port}/", "http://169.254.169.254/",
                f"http://0x7f000001:{receiver.port}/", f"http://2130706433:{receiver.port}/"):
        assert api.ask("POST", "/webhooks", {"url": url}, expect=422)["details"]["field"] == "url"
    name = socket.gethostname()
    hook = api.hook(f"http://{name}:{receiver.port}/")
    api.create()
    wait_for(lambda: api.log(hook))
    assert api.log(hook)[0]["reason"] in ("ADDRESS_NOT_ALLOWED", "NAME_NOT_RESOLVED"), api.log(hook)
    assert receiver.connections == 0


def certificate(name, directory):
    pem, key = os.path.join(directory, "chain.pem"), os.path.join(directory, "key.pem")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", key, "-out", pem,
                    "-subj", f"/CN={name}", "-addext", f"subjectAltName=DNS:{name}"], check=True, capture_output=True)
    return pem, key


def test_certificates_are_checked():
    with tempfile.TemporaryDirectory() as directory, tempfile.TemporaryDirectory() as elsewhere:
        good, bad = certificate("localhost", directory), certificate("other.example", elsewhere)
        trusted, misnamed = PLACE.receiver(certificate=good[0], key=good[1]), PLACE.receiver(certificate=bad[0], key=bad[1])
        api = PLACE.service(*QUICK, "--webhooks-ca", good[0])
        hooks = [api.hook(r.url) for r in (trusted, misnamed)]
        api.create()
        wait_for(lambda: trusted.count == 1 and api.log(hooks[1]))
        assert api.log(hooks[1])[0]["reason"] == "CERTIFICATE_NOT_TRUSTED" and misnamed.count == 0


def test_an_instance_that_gets_no_answer_lets_another_deliver():
    if PLACE.stores.kind != "postgres":
        return  # one process
    with tempfile.TemporaryDirectory() as directory, tempfile.TemporaryDirectory() as elsewhere:
        pem, key = certificate("localhost", directory)
        flags = [*LOOPBACK, "--webhooks-retry-first", "100ms", "--webhooks-lease", "1s", "--webhooks-ca"]
        receiver, url = PLACE.receiver(certificate=pem, key=key), PLACE.stores.new()
        cut_off = PLACE.service(*flags, certificate("localhost", elsewhere)[0], url=url)
        wait_for(lambda: cut_off.metric("customer360_webhooks_leads") == 1, 60)
        other = PLACE.service(*flags, pem, url=url)
        hook = other.hook(receiver.url)
        for _ in range(6):
            other.create()
        wait_for(lambda: len({e["position"] for e in receiver.events()}) == 6, 60)
        assert other.metric("customer360_webhooks_leads") == 1 and cut_off.metric("customer360_webhooks_leads") == 0
        assert "webhooks.stand_back" in cut_off.service.log()
        assert "CERTIFICATE_NOT_TRUSTED" in {row["reason"] for row in other.log(hook)}


def test_bad_receivers_are_cut_off():
    api = PLACE.service(*QUICK, "--webhooks-timeout", "500ms")
    silent = PLACE.receiver(lambda r: None)
    garbage = PLACE.receiver(lambda r: b"SSH-2.0-OpenSSH\r\n" + b"x" * 100 + b"\r\n\r\n")
    endless = PLACE.receiver(lambda r: b"HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n" + b"x" * 300000)
    hooks = [api.hook(r.url) for r in (silent, garbage, endless)]
    api.create()
    wait_for(lambda: all(api.log(hook) for hook in hooks))
    said = [(api.log(hook)[-1]["reason"], api.log(hook)[-1]["outcome"]) for hook in hooks]
    assert said == [("TIMED_OUT", "RETRY"), ("NO_HTTP_ANSWER", "RETRY"), ("ANSWERED", "DELIVERED")], said


def test_replays_come_again_with_the_same_id():
    api, receiver = PLACE.service(), PLACE.receiver()
    hook = api.hook(receiver.url)
    for number in range(3):
        api.create(f"C-{number}")
    wait_for(lambda: receiver.count == 3)
    ids = [r.headers["webhook-id"] for r in receiver.requests]
    wait_for(lambda: len(api.log(hook)) == 3)
    api.ask("POST", f"/webhooks/{hook['webhookId']}/replay", {"after": 1})
    wait_for(lambda: receiver.count == 5)
    assert sorted(r.headers["webhook-id"] for r in receiver.requests[3:]) == sorted(e["eventId"] for e in api.feed()[1:])
    wait_for(lambda: len(api.log(hook)) == 5)  # what was not written down yet would come, too
    api.ask("POST", f"/webhooks/{hook['webhookId']}/deliveries/1/replay")
    wait_for(lambda: receiver.count == 6)
    assert receiver.requests[5].headers["webhook-id"] in ids


def test_what_came_past_a_slow_one_comes_again_when_it_is_asked_for():
    api = PLACE.service()
    slow = PLACE.receiver(lambda r: None if b'"C-slow"' in r.body else 204)
    hook = api.hook(slow.url)
    api.create("C-slow")
    api.create("C-2")
    row = wait_for(lambda: [row for row in api.log(hook) if row["customerId"] == "C-2"])[0]
    api.ask("POST", f"/webhooks/{hook['webhookId']}/deliveries/{row['deliveryId']}/replay")
    wait_for(lambda: sum(e["aggregateId"] == "C-2" for e in slow.events()) >= 2)


def test_a_tenant_whose_receivers_are_slow_leaves_connections_to_others():
    api = PLACE.service(*QUICK, "--webhooks-connections", "8", "--webhooks-timeout", "60s", "--webhooks-lease", "90s")
    other = Api(api.service, "other")
    silent, quick = PLACE.receiver(lambda r: None), PLACE.receiver()
    for _ in range(2):
        api.hook(silent.url)
    other.hook(quick.url)
    for _ in range(12):
        api.create()
    wait_for(lambda: silent.count >= 6)
    for _ in range(5):
        other.create()
    wait_for(lambda: quick.count == 5)
    assert silent.count == 6


def test_two_tenants_whose_receivers_are_slow_leave_connections_to_others():
    api = PLACE.service(*QUICK, "--webhooks-connections", "32", "--webhooks-concurrency", "32", "--webhooks-timeout", "60s", "--webhooks-lease", "90s")
    third = Api(api.service, "third")
    quick = PLACE.receiver()
    third.hook(quick.url)
    for tenant, gets in (Api(api.service, "first"), 24), (Api(api.service, "second"), 6):  # three quarters, and so much of the rest
        silent = PLACE.receiver(lambda r: None)
        tenant.hook(silent.url)
        for _ in range(30):
            tenant.create()
        wait_for(lambda: silent.count >= gets)  # pylint: disable=cell-var-from-loop
        for _ in range(5):
            third.create()
        wait_for(lambda: quick.count == third.number)
        assert silent.count == gets


def test_the_log_is_bounded_and_has_no_personal_data():
    api = PLACE.service(*QUICK, "--webhooks-log-max", "20")
    receiver = PLACE.receiver()
    hook = api.hook(receiver.url)
    for _ in range(60):
        api.create()
    wait_for(lambda: receiver.count == 60)
    wait_for(lambda: api.get(hook)["delivery"]["delivered"] == 60)
    rows = api.log(hook)
    assert len(rows) <= 63 and rows[0]["deliveryId"] == "60", len(rows)
    assert "Customer 60" not in json.dumps(rows)


def test_an_erased_customers_held_events_are_not_sent():
    api = PLACE.service()
    broken = threading.Event()
    broken.set()
    receiver = PLACE.receiver(lambda r: 500 if broken.is_set() and b'"C-bad"' in r.body else 200)
    hook = api.hook(receiver.url)
    api.create("C-bad")
    for number in range(3):
        api.change("C-bad", f"S{number}")
        api.create()
    wait_for(lambda: api.get(hook)["delivery"]["held"] >= 1)
    before = receiver.count
    time.sleep(11)  # what has waited for ten seconds is in memory no longer
    api.ask("POST", "/privacy/erasures", {"customerId": "C-bad"})
    broken.clear()
    api.create()
    wait_for(lambda: any(e["eventType"] == "CustomerErasedEvent" for e in receiver.events()[before:]), 60)
    wait_for(lambda: api.get(hook)["delivery"]["held"] == 0)
    late = [e for e in receiver.events()[before:] if e["aggregateId"] == "C-bad"]
    assert not any(e["eventType"] == "CustomerProfileUpdatedEvent" for e in late), late
    assert [row["outcome"] for row in api.log(hook, "&failed=true")].count("ERASED") == 4


def test_secrets_are_in_no_table_log_or_backup():
    api, receiver = PLACE.service(*QUICK, "--log-level", "debug"), PLACE.receiver()
    hook = api.hook(receiver.url)
    api.create()
    wait_for(lambda: receiver.count == 1)
    url = api.service.store_url
    secret = hook["secret"].removeprefix("whsec_")
    assert secret not in api.service.log()
    backup = os.path.join(tempfile.mkdtemp(), "backup")
    subprocess.run([PLACE.binary, "backup", backup, "--store", url, *owner_flags(url), *key_flags(url)], check=True, capture_output=True)
    with open(backup, encoding="utf-8") as text:
        kept = text.read()
    assert hook["webhookId"] in kept and secret not in kept


def test_a_restored_store_goes_on_with_the_same_key_and_no_other():
    receiver = PLACE.receiver()
    with tempfile.TemporaryDirectory() as directory:
        key = os.path.join(directory, "key")
        with open(key, "w", encoding="utf-8") as file:
            file.write("7" * 64)
        api = PLACE.service(*QUICK, "--webhooks-key-file", key)
        hook = api.hook(receiver.url)
        for number in range(3):  # each start is another epoch of the lease
            api.create()
            wait_for(lambda: api.get(hook)["delivery"]["delivered"] == number + 1)  # pylint: disable=cell-var-from-loop
            api.stop()
            api.service.start()
        api.stop()
        backup, url = os.path.join(directory, "backup"), api.service.store_url
        subprocess.run([PLACE.binary, "backup", backup, "--store", url, *owner_flags(url), *key_flags(url)], check=True, capture_output=True)
        url = PLACE.stores.new()
        subprocess.run([PLACE.binary, "restore", backup, "--store", url, *owner_flags(url), *key_flags(url)], check=True, capture_output=True)
        restored = PLACE.service(*QUICK, "--webhooks-key-file", key, url=url)
        before = receiver.count
        restored.create()
        wait_for(lambda: receiver.count > before)
        assert verifies(hook, receiver.requests[-1])


def owner_flags(url):
    return ["--store-migration-url", url.replace("customer360_app", "customer360_migrator")] if url.startswith("postgresql:") else []


def test_another_key_sends_nothing():
    receiver = PLACE.receiver()
    with tempfile.TemporaryDirectory() as directory:
        url = PLACE.stores.new()
        keys = [os.path.join(directory, name) for name in ("one", "two")]
        for number, path in enumerate(keys):
            with open(path, "w", encoding="utf-8") as file:
                file.write(f"{number}" * 64)
        api = PLACE.service(*QUICK, "--webhooks-key-file", keys[0], url=url)
        hook = api.hook(receiver.url)
        api.create()
        wait_for(lambda: receiver.count == 1)
        api.service.flags[-1] = keys[1]
        api.stop()
        api.service.start()
        api.create()
        wait_for(lambda: api.metric("customer360_webhooks_other_key") == 1)
        time.sleep(0.3)
        assert receiver.count == 1
        renewed = api.ask("POST", f"/webhooks/{hook['webhookId']}/secret", {})
        wait_for(lambda: receiver.count == 2)
        assert verifies(renewed, receiver.requests[1])


def main():
    global PLACE
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--store", choices=("sqlite", "postgres"), default="sqlite")
    parser.add_argument("--binary", default=os.path.join(ROOT, "build", "customer360"))
    parser.add_argument("names", nargs="*")
    options = parser.parse_args()
    tests = [(name, test) for name, test in globals().items() if name.startswith("test_")]
    tests = [pair for pair in tests if not options.names or any(word in pair[0] for word in options.names)]
    PLACE, failed = Place(options.store, options.binary), 0
    print(f"1..{len(tests)}")
    for number, (name, test) in enumerate(tests, 1):
        try:
            test()
            print(f"ok {number} - {name[5:].replace('_', ' ')}", flush=True)
        except Exception:  # pylint: disable=broad-except
            failed += 1
            print(f"not ok {number} - {name[5:].replace('_', ' ')}\n" + "".join(f"# {line}\n" for line in traceback.format_exc().splitlines()), flush=True)
        finally:
            PLACE.clear()
    PLACE.stores.close()
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
