#!/usr/bin/python3
"""What neighbouring systems tell, sent by others' clients and read by the service.

    build/venv/bin/python3 tests/kafka/consume.py [--binary build/customer360] [NAME...]

One broker and one registry serve all tests; each test has topics and a group of its own by a prefix. Prints TAP. Exit
status 1 when one failed.
"""
import contextlib
import json
import os
import sqlite3
import struct
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
import inputs  # noqa: E402
import publish  # noqa: E402  (its servers, and how its tests are run)
import topics  # noqa: E402
from confluent_kafka import Consumer  # noqa: E402
from confluent_kafka.schema_registry import SchemaRegistryClient  # noqa: E402
from servers.api import Api  # noqa: E402
from traces import one_trace_leads_from_a_request_through_kafka_to_webhooks  # noqa: E402

TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def begin(place, prefix, *more, registry=True):
    inputs.make_topics(place.broker.brokers, prefix)
    service = place.service(prefix, *inputs.flags(prefix), "--kafka-retry-for", "2s", *more, registry=registry)
    return service, Api(service.port), inputs.Sender(place.broker.brokers, prefix)


def create(api, *names):
    for name in names:
        api.ask("POST", "/customers?onDuplicate=allow", {"customerId": name, "name": f"Customer {name}"})


def orders(api, customer):
    return [item["serviceOrderId"] for item in api.ask("GET", f"/customers/{customer}/service-orders")["items"]]


def letters(place, service, *words):
    """The lines of `dead-letters`; of an embedded store while the service is stopped."""
    done = subprocess.run([place.binary, "dead-letters", *words, "--store", service.store_url, "--dev"], check=False, capture_output=True, text=True)
    return done.returncode, [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")], done.stderr


def dead_records(place, prefix, count):
    consumer = Consumer({"bootstrap.servers": place.broker.brokers, "group.id": f"{prefix}looker", "auto.offset.reset": "earliest"})
    consumer.subscribe([f"{prefix}crm.customer360.dead-letters"])
    found = []
    while len(found) < count:
        message = consumer.poll(20)
        assert message is not None, f"{len(found)} of {count} dead letters"
        if not message.error():
            found.append(message)
    consumer.close()
    return found


def send_all_kinds(send):
    """One of each, about the customer A; send(kind, key, event id, payload)."""
    send("leads", "L-1", "e-lead", {"leadId": "L-1", "name": "Globex Ltd", "contactName": "Ann Lee", "email": "ann@globex.example", "phone": None})
    send("service_orders", "A", "e-order", {"serviceOrderId": "SO-1", "customerId": "A", "priority": "HIGH", "status": "OPEN"})
    send("sla_breaches", "A", "e-sla", {"serviceOrderId": "SO-1", "customerId": "A", "sla": "RESPONSE"})
    send("contracts", "A", "e-contract", {"contractId": "CT-1", "customerId": "A", "planId": "GOLD", "startDate": "2026-01-01", "endDate": "2026-12-31"})
    send("master_updates", "A", "e-master", {"customerId": "A", "segment": "ENTERPRISE", "emails": ["a@a.example"]})
    send("blocks", "A", "e-block", {"customerId": "A", "reason": "unpaid"})


def check_all_kinds(api, customer="A", email="a@a.example"):
    api.await_metric("customer360_consumer_applied_total", 6)
    assert orders(api, customer) == ["SO-1"]
    covered = api.ask("GET", f"/customers/{customer}/entitlements?on=2026-02-02")
    assert covered["covered"] and covered["sla"]["status"] == "BREACHED", covered
    assert api.ask("GET", f"/customers/{customer}/credit")["blocked"]
    profile = api.ask("GET", f"/customers/{customer}")
    assert (profile["status"], profile["segment"], profile["emails"]) == ("ON_HOLD", "ENTERPRISE", [email]), profile
    lead = api.ask("GET", "/customers?email=ann@globex.example")["items"][0]
    assert lead["name"] == "Globex Ltd" and lead["contacts"][0]["roles"] == ["SALES"], lead
    kinds = {entry["type"] for entry in api.ask("GET", f"/customers/{customer}/timeline")["items"]}
    assert kinds == {"PROFILE", "SERVICE_ORDER", "CONTRACT", "CREDIT"}, kinds


# --- the tests ---

def all_six_are_read_as_avro_with_the_registry(place):
    service, api, sender = begin(place, "ca.")
    registry = SchemaRegistryClient({"url": place.registry.url})
    create(api, "A")
    send_all_kinds(lambda kind, key, event_id, payload: sender.send(kind, key, inputs.with_registry(
        registry, inputs.topic("ca.", kind), kind, event_id, payload), [("traceparent", TRACE)]))
    sender.flush()
    check_all_kinds(api)
    feed = api.feed()
    reader = topics.Reader(place.broker.brokers, "ca.")
    published = reader.read_until(len(feed))
    reader.close()
    traced = [m for m in published if topics.headers(m).get("traceparent") == TRACE]
    assert len(traced) == 3, "the lead's creation, and the updates by master data and block, have the sender's trace"
    service.stop()


def examples_of_the_documents():
    with open(os.path.join(os.path.dirname(os.path.dirname(HERE)), "docs", "kafka.md"), encoding="utf-8") as file:
        part = file.read().split("## What is read")[1]
    return part.split("```json\n")[1].split("```")[0].splitlines()


def all_six_are_read_as_json_as_the_documents_have_them(place):
    service, _, sender = begin(place, "cb.", registry=False)
    lines, api = examples_of_the_documents(), Api(service.port, "tenant-001")
    create(api, "CUST-100")
    for kind, line in zip(inputs.TYPES, lines, strict=True):
        sender.send(kind, "CUST-100", line)
    sender.flush()
    check_all_kinds(api, "CUST-100", "office@acme.example")
    service.stop()


def without_a_registry_avro_is_read_by_fingerprint(place):
    service, api, sender = begin(place, "cc.", registry=False)
    create(api, "A")
    schemas = json.loads(service.read("/asyncapi.json"))["components"]["messages"]
    schema = schemas["ServiceOrderCreatedEvent"]["payload"]["schema"]
    sender.send("service_orders", "A", inputs.single_object(schema, {
        "eventId": "e1", "timestamp": inputs.NOW_MS, "tenantId": "default", "serviceOrderId": "SO-1", "customerId": "A", "priority": None, "status": "OPEN"}))
    sender.flush()
    api.await_metric("customer360_consumer_applied_total", 1)
    assert orders(api, "A") == ["SO-1"]
    service.stop()


def what_comes_again_does_nothing(place):
    service, api, sender = begin(place, "cd.")
    create(api, "A")
    for _ in range(3):
        sender.json("service_orders", "A", "e1", {"serviceOrderId": "SO-1", "customerId": "A"})
    sender.flush()
    api.await_metric("customer360_consumer_repeated_total", 2)
    service.stop()
    service.start()
    api = Api(service.port)
    sender.json("service_orders", "A", "e2", {"serviceOrderId": "SO-2", "customerId": "A"})
    sender.flush()
    api.await_metric("customer360_consumer_applied_total", 1)
    assert api.metric("customer360_consumer_repeated_total") == 0, "offsets were committed"
    api.await_metric("customer360_consumer_lag_messages", 0)
    assert len(api.ask("GET", "/customers/A/timeline?type=SERVICE_ORDER")["items"]) == 2
    service.stop()


def who_is_not_there_yet_is_waited_for_in_order(place):
    service, api, sender = begin(place, "ce.", "--kafka-retry-for", "60s")
    create(api, "A")
    for number, status in enumerate(("OPEN", "ASSIGNED", "CLOSED")):
        sender.json("service_orders", "B", f"b{number}", {"serviceOrderId": "SO-B", "customerId": "B", "status": status}, at_ms=inputs.NOW_MS)
    sender.json("service_orders", "A", "a1", {"serviceOrderId": "SO-A", "customerId": "A"})
    sender.flush()
    api.await_metric("customer360_consumer_applied_total", 1)
    api.await_metric("customer360_consumer_waiting_messages", 3)
    create(api, "B")
    api.await_metric("customer360_consumer_applied_total", 4)
    entries = api.ask("GET", "/customers/B/timeline?type=SERVICE_ORDER")["items"]
    recorded = [e["details"]["status"] for e in sorted(entries, key=lambda e: e["recordedAt"])]
    assert recorded == ["OPEN", "ASSIGNED", "CLOSED"], recorded
    api.await_metric("customer360_consumer_waiting_messages", 0)
    service.stop()


def a_key_is_parked_and_replayed_in_order(place):
    service, api, sender = begin(place, "cf.")
    create(api, "A")
    sender.json("service_orders", "B", "b0", {"serviceOrderId": "SO-B", "customerId": "B", "status": "OPEN"})
    sender.json("service_orders", "A", "a1", {"serviceOrderId": "SO-A", "customerId": "A"})
    sender.flush()
    api.await_metric("customer360_parked_keys", 1)
    create(api, "B")
    sender.json("service_orders", "B", "b1", {"serviceOrderId": "SO-B", "customerId": "B", "status": "CLOSED"})
    sender.flush()
    api.await_metric("customer360_dead_letters", 2)
    assert orders(api, "B") == [] and orders(api, "A") == ["SO-A"]
    records = dead_records(place, "cf.", 2)
    told = [topics.headers(record) for record in records]
    assert [h["dead_letter_code"] for h in told] == ["CUSTOMER_NOT_FOUND", "KEY_PARKED"], told
    assert told[0]["dead_letter_topic"] == inputs.topic("cf.", "service_orders") and records[0].key() == b"B"
    assert json.loads(records[0].value())["eventId"] == "b0"
    service.stop()
    code, found, error = letters(place, service, "list", "--json")
    assert code == 0 and [letter["code"] for letter in found] == ["CUSTOMER_NOT_FOUND", "KEY_PARKED"], (found, error)
    code, found, error = letters(place, service, "show", found[0]["topic"], str(found[0]["partition"]), str(found[0]["offset"]))
    assert code == 0 and json.loads(found[0]["value"])["eventId"] == "b0", (found, error)
    code, _, error = letters(place, service, "replay", *inputs.flags("cf."))
    assert code == 0 and "2 taken, 0 stay" in error, error
    service.start()
    api = Api(service.port)
    assert orders(api, "B") == ["SO-B"]
    api.await_metric("customer360_parked_keys", 0)
    sender.json("service_orders", "B", "b2", {"serviceOrderId": "SO-C", "customerId": "B"})
    sender.flush()
    api.await_metric("customer360_consumer_applied_total", 1)
    service.stop()


def poison_of_every_kind_is_put_aside(place):
    service, api, sender = begin(place, "cg.")
    registry = SchemaRegistryClient({"url": place.registry.url})
    create(api, "A")
    whole = inputs.with_registry(registry, inputs.topic("cg.", "service_orders"), "service_orders", "e0", {"serviceOrderId": "SO-0", "customerId": "A"})
    order = {"serviceOrderId": "SO-1", "customerId": "A"}
    poison = {
        "truncated": (whole[:-9], "ends too early"),
        "unknown schema": (struct.pack(">bI", 0, 999999) + whole[5:], "knows no schema 999999"),
        "wrong type": (inputs.as_json("contracts", "e1", order), "eventType"),
        "large": (inputs.as_json("service_orders", "e2", {**order, "status": "x" * 950000}), "more than"),
        "tombstone": (None, "tombstone"),
        "empty": (b"", "neither"),
        "text": (b"hello", "neither"),
        "not json": (b"{", ""),
        "not utf-8": (b'{"eventId":"\xff"}', ""),
        "no tenant": (json.dumps({"eventId": "e3", "timestamp": 1, **order}).encode(), "tenantId"),
        "unknown fingerprint": (b"\xc3\x01" + b"12345678" + whole[5:], "fingerprint"),
    }
    for key, (value, _) in poison.items():
        sender.send("service_orders", key, value)
        sender.json("service_orders", "A", f"good-{key.replace(' ', '-')}", {"serviceOrderId": f"SO-{len(key)}", "customerId": "A"})
    sender.flush()
    api.await_metric("customer360_consumer_applied_total", len(poison))
    api.await_metric("customer360_dead_letters", len(poison))
    assert api.metric("customer360_consumer_failures_total") == 0
    records = {record.key().decode(): topics.headers(record) for record in dead_records(place, "cg.", len(poison))}
    for key, (_, reason) in poison.items():
        assert reason in records[key]["dead_letter_reason"], (key, records[key])
    assert "too large" in records["large"]["dead_letter_value"]
    service.stop()
    code, found, error = letters(place, service, "list", "--json", "--key", "truncated")
    assert len(found) == 1, (found, error)
    code, shown, error = letters(place, service, "show", found[0]["topic"], str(found[0]["partition"]), str(found[0]["offset"]))
    assert shown[0]["value"].startswith("base64url:"), shown
    code, _, error = letters(place, service, "replay", *inputs.flags("cg."))
    assert code == 1 and f"0 taken, {len(poison)} stay" in error, error
    code, _, error = letters(place, service, "drop", found[0]["topic"], str(found[0]["partition"]), str(found[0]["offset"]))
    assert code == 0 and len(letters(place, service, "list", "--json")[1]) == len(poison) - 1, error


def letters_of_any_size_stop_nothing(place):
    """Random bytes are no text: as base64url they are a third longer, and nothing makes them shorter."""
    service, api, sender = begin(place, "ck.")
    create(api, "A")
    order = {"serviceOrderId": "SO-1", "customerId": "A"}
    large = {  # key, value, headers
        "a long key": (os.urandom(3000), b"poison", None),
        "key and value": (os.urandom(160_000), inputs.as_json("service_orders", "e1", {**order, "status": "x" * 850_000}), None),
        "a key alone": (os.urandom(1_000_001), b"poison", None),
        "a header": (b"header", inputs.as_json("service_orders", "e2", {**order, "status": "x" * 800_000}), [("traceparent", b"0" * 200_000)]),
    }
    for number, (key, value, headers) in enumerate(large.values()):
        sender.send("service_orders", key, value, headers)
        sender.json("service_orders", "A", f"good-{number}", {**order, "serviceOrderId": f"SO-{number}"})
    sender.flush()
    api.await_metric("customer360_consumer_applied_total", len(large))
    api.await_metric("customer360_dead_letters", len(large))
    assert api.metric("customer360_consumer_failures_total") == 0
    left_out = {(found.get("dead_letter_key", "")[:8], found.get("dead_letter_value", "")[:8]) for found in map(topics.headers, dead_records(place, "ck.", len(large)))}
    assert left_out == {("", ""), ("", "left out"), ("left out", "")}, left_out
    service.stop()
    found = letters(place, service, "list", "--json")[1]
    assert max(len(letter["key"]) for letter in found) > 1_300_000, "the store has the whole key"


def a_topic_that_takes_no_letter_stops_nothing(place):
    """Its own limit is lower than what a record may have elsewhere."""
    from confluent_kafka.admin import AdminClient, NewTopic
    admin = AdminClient({"bootstrap.servers": place.broker.brokers})
    for made in admin.create_topics([NewTopic("cl.crm.customer360.dead-letters", 1, config={"max.message.bytes": "2000"})]).values():
        made.result(30)
    service, api, sender = begin(place, "cl.")
    create(api, "A")
    sender.send("service_orders", "bad", os.urandom(5000))  # which no compression makes fit
    sender.json("service_orders", "A", "e1", {"serviceOrderId": "SO-1", "customerId": "A"})
    sender.send("service_orders", "small", b"x")
    sender.flush()
    api.await_metric("customer360_consumer_applied_total", 1)
    api.await_metric("customer360_dead_letters", 2)
    assert api.metric("customer360_consumer_failures_total") == 0
    sender.send("service_orders", "small", b"later")
    sender.flush()
    records = dead_records(place, "cl.", 1)
    assert records[-1].key() == b"small", "what the topic takes is sent"
    service.stop()


def make_older(service, days):
    with contextlib.closing(sqlite3.connect(service.store_url.removeprefix("sqlite:"))) as store, store:
        store.execute("update dead_letter set parked_at = parked_at - ?", (days * 86_400_000_000,))


def a_letter_goes_with_whom_it_is_about_and_with_time(place):
    service, api, sender = begin(place, "ci.")
    create(api, "A", "B")
    sender.json("master_updates", "A", "m1", {"customerId": "A", "website": 3})  # cannot be read
    sender.json("master_updates", "A", "m2", {"customerId": "A", "emails": ["ann@a.example"]})  # behind it
    sender.json("master_updates", "B", "m3", {"customerId": "B", "website": 3})
    sender.flush()
    api.await_metric("customer360_dead_letters", 3)
    api.ask("POST", "/privacy/erasures", {"customerId": "A"})
    api.await_metric("customer360_dead_letters", 1)
    sender.json("master_updates", "A", "m4", {"customerId": "A", "emails": "ann@a.example"})
    sender.json("master_updates", "B", "m5", {"customerId": "B", "segment": "S"})
    sender.flush()
    api.await_metric("customer360_dead_letters", 2)
    api.await_metric("customer360_consumer_dropped_total", 1)
    service.stop()
    found = letters(place, service, "list", "--json")[1]
    assert [letter["customerId"] for letter in found] == ["B", "B"], found
    make_older(service, 91)
    service.start()
    api.await_metric("customer360_dead_letters", 0)
    assert '"messages":2' in next(line for line in service.log().splitlines() if "consumer.letters_expired" in line)
    sender.json("master_updates", "B", "m6", {"customerId": "B", "segment": "S"})  # whose key is free
    sender.flush()
    inputs.until(lambda: api.ask("GET", "/customers/B").get("segment"), "S")
    service.stop()


def the_registry_is_waited_for(place):
    service, api, sender = begin(place, "ch.")
    registry = SchemaRegistryClient({"url": place.registry.url})
    create(api, "A")
    value = inputs.with_registry(registry, inputs.topic("ch.", "blocks"), "blocks", "e1", {"customerId": "A"})
    nowhere = place.service("ch.", *inputs.flags("ch."), "--kafka-registry", "http://127.0.0.1:1", "--kafka-group", "other")
    other = Api(nowhere.port)
    create(other, "A")
    sender.send("blocks", "A", value)
    sender.flush()
    api.await_metric("customer360_consumer_applied_total", 1)
    other.await_metric("customer360_consumer_failing", 1)
    assert other.metric("customer360_dead_letters") == 0 and other.ask("GET", "/customers/A")["status"] == "ACTIVE"
    nowhere.stop()
    service.stop()


def a_registry_that_goes_away_later_is_waited_for(place):
    service, api, sender = begin(place, "cj.", "--kafka-timeout", "1s")
    registry = SchemaRegistryClient({"url": place.registry.url})
    create(api, "A")
    known, new = (inputs.with_registry(registry, inputs.topic("cj.", kind), kind, f"e-{kind}", {f"{name}Id": "1", "customerId": "A"})
                  for kind, name in (("service_orders", "serviceOrder"), ("contracts", "contract")))
    sender.send("service_orders", "A", known)
    sender.flush()
    api.await_metric("customer360_consumer_applied_total", 1)
    place.registry.pause()
    try:
        sender.send("contracts", "A", new)
        sender.flush()
        api.await_metric("customer360_consumer_failing", 1)
        assert api.metric("customer360_dead_letters") == 0
    finally:
        place.registry.go_on()
    api.await_metric("customer360_consumer_applied_total", 2)
    api.await_metric("customer360_consumer_failing", 0)
    service.stop()


publish.TESTS = [all_six_are_read_as_avro_with_the_registry, all_six_are_read_as_json_as_the_documents_have_them, without_a_registry_avro_is_read_by_fingerprint,
                 what_comes_again_does_nothing, who_is_not_there_yet_is_waited_for_in_order, a_key_is_parked_and_replayed_in_order,
                 poison_of_every_kind_is_put_aside, letters_of_any_size_stop_nothing,
                 a_topic_that_takes_no_letter_stops_nothing, a_letter_goes_with_whom_it_is_about_and_with_time, the_registry_is_waited_for,
                 a_registry_that_goes_away_later_is_waited_for,
                 one_trace_leads_from_a_request_through_kafka_to_webhooks]

if __name__ == "__main__":
    sys.exit(publish.main())
