#!/usr/bin/python3
"""What the service publishes, read by others: a Python client with the registry, fastavro, and Apache's Java client.

    build/venv/bin/python3 tests/kafka/publish.py [--binary build/customer360] [NAME...]

One broker and one registry serve all tests; each test has topics of its own by a prefix. Prints TAP. Exit status 1
when one failed.
"""
import argparse
import contextlib
import io
import json
import os
import subprocess
import sys
import tempfile
import time
import traceback

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path[:0] = [HERE, *(os.path.join(ROOT, "tests", *part) for part in ((), ("fault",), ("webhooks",)))]
import fastavro  # noqa: E402
import topics  # noqa: E402
from confluent_kafka.admin import AdminClient, NewTopic  # noqa: E402
from confluent_kafka.schema_registry import SchemaRegistryClient  # noqa: E402
from confluent_kafka.schema_registry.avro import AvroDeserializer  # noqa: E402
from confluent_kafka.serialization import MessageField, SerializationContext  # noqa: E402
from receiver import Receiver  # noqa: E402  (tests/webhooks/receiver.py)
from servers.api import Api  # noqa: E402
from servers.java import jars  # noqa: E402
from servers.kafka import KafkaServer  # noqa: E402
from servers.postgres import PostgresServer  # noqa: E402
from servers.registry import RegistryServer  # noqa: E402
from servers.service import API  # noqa: E402
from servers.stores import Stores, serve  # noqa: E402

# As agreed with the readers: with the logical type where Avro does not look for it.
AGREED = {
    "CustomerProfileCreatedEvent": ["customerId", "name", "status", "segment"],
    "CustomerMergedEvent": ["targetCustomerId", "sourceCustomerId", "mergeReason"],
}


class Place:
    """The servers that all tests share."""

    def __init__(self, binary):
        self.binary, self.broker, self.registry = binary, KafkaServer(), RegistryServer()
        self.directory = tempfile.mkdtemp(prefix="customer360-kafka-")
        self.count, self.stores = 0, None

    def start(self):
        self.broker.start()
        self.registry.start()

    def stop(self):
        self.broker.stop()
        self.registry.stop()
        if self.stores:
            self.stores.close()

    def shared_store(self):
        """One for several instances."""
        self.stores = self.stores or Stores("postgres", self.binary)
        return self.stores.new()

    def service(self, prefix, *flags, registry=True, store=None):
        self.count += 1
        url = store or f"sqlite:{self.directory}/{self.count}.db"
        wanted = ["--kafka-brokers", self.broker.brokers, "--kafka-topic-prefix", prefix, "--log-level", "info"]
        if registry:
            wanted += ["--kafka-registry", self.registry.url]
        return serve(self.binary, url, [*wanted, *flags])


def tell_everything(service, tenant="default"):
    """At least one event of each type; the feed as {eventId: event}."""
    api = Api(service.port, tenant)
    for number in range(12):
        api.ask("POST", "/customers", {"customerId": f"C-{number}", "name": f"Customer Nº {number} 😀", "segment": "SMB" if number % 2 else None})
        api.ask("PATCH", f"/customers/C-{number}", {"website": f"https://{number}.example", "language": "de"})
    api.ask("POST", "/customers/C-0/consent", {"type": "EMAIL", "status": "GRANTED"})
    merge = api.ask("POST", "/customers/C-0/merge", {"sourceCustomerId": "C-1"})["mergeId"]
    api.ask("POST", f"/customers/C-0/merges/{merge}/reverse")
    job = api.ask("POST", "/imports?source=erp&keyColumn=ID", b"ID,name\n1,Imported One\n", "text/csv")["jobId"]
    api.wait_job(job)
    api.wait_job(api.ask("POST", f"/imports/{job}/undo", {})["jobId"])
    api.ask("POST", "/privacy/erasures", {"customerId": "C-11"})
    return api.feed()


def await_text(service, text, patience_s=30):
    deadline = time.monotonic() + patience_s
    while text not in service.log():
        assert time.monotonic() < deadline, f"{text!r} is not in the log:\n{service.tail()}"
        time.sleep(0.05)


def read_all(place, prefix, count):
    reader = topics.Reader(place.broker.brokers, prefix)
    found = reader.read_until(count)
    reader.close()
    return found


def check_value(event, value):
    """The members of the envelope and of the payload that the schema has, empty for null."""
    expected = {"eventId": event["eventId"], "tenantId": event["tenantId"]}
    expected |= {name: told if told is not None else "" for name, told in event["payload"].items() if name in value}
    timestamp = value.pop("timestamp")
    assert {name: told for name, told in value.items()} == expected, (value, expected)
    assert abs(timestamp - event["at_ms"]) < 1, (timestamp, event)


def in_milliseconds(feed):
    from datetime import datetime, timezone
    for event in feed.values():
        text = event["timestamp"].rstrip("Z")
        seconds, _, fraction = text.partition(".")
        at = datetime.fromisoformat(seconds).replace(tzinfo=timezone.utc)
        event["at_ms"] = int(at.timestamp()) * 1000 + int((fraction + "000000")[:6]) // 1000
    return feed


# --- the tests ---

def every_event_is_read_with_the_registry(place):
    service = place.service("a.")
    feed = in_milliseconds(tell_everything(service))
    assert {e["eventType"] for e in feed.values()} == {
        "CustomerProfileCreatedEvent", "CustomerProfileUpdatedEvent", "CustomerMergedEvent", "CustomerUnmergedEvent",
        "CustomerProfileRemovedEvent", "CustomerErasedEvent", "ConsentUpdatedEvent"}
    messages = read_all(place, "a.", len(feed))
    # What an erasure takes away may have been published before.
    erased = [m for m in messages if m.key() == b"C-11" and topics.headers(m)["ce_id"] not in feed]
    messages = [m for m in messages if m not in erased]
    assert not (found := topics.compare(feed, messages)), found
    registry = SchemaRegistryClient({"url": place.registry.url})
    deserializer = AvroDeserializer(registry)
    for message in messages:
        event = feed[topics.headers(message)["ce_id"]]
        value = deserializer(message.value(), SerializationContext(message.topic(), MessageField.VALUE))
        value["timestamp"] = int(value["timestamp"].timestamp() * 1000 + 0.5)
        check_value(event, value)
        assert message.key().decode() == event["aggregateId"]
        head = topics.headers(message)
        assert head["content-type"] == "application/avro" and head["ce_specversion"] == "1.0"
        assert head["ce_time"] == event["timestamp"] and head["ce_tenantid"] == "default"
        assert head["ce_sequence"] == f"{event['position']:019d}", head
    traced = [m for m in messages if "traceparent" in topics.headers(m)]
    assert len(traced) == len(messages), "each of these was asked for by a request"
    for subject in registry.get_subjects():
        assert registry.get_compatibility(subject) == "FULL_TRANSITIVE", subject
    service.stop()
    place.feed = feed  # the next tests read the same topics


def bytes_are_read_with_the_agreed_schemas_by_fastavro(place):
    fields = [{"name": "eventId", "type": "string"}, {"name": "timestamp", "type": "long", "logicalType": "timestamp-millis"},
              {"name": "tenantId", "type": "string"}]
    seen = set()
    for message in read_all(place, "a.", len(place.feed)):
        head = topics.headers(message)
        name = head["ce_type"].rsplit(".", 1)[1]
        if name not in AGREED or head["ce_id"] not in place.feed:
            continue
        schema = fastavro.parse_schema({
            "type": "record", "name": name, "namespace": "com.erp.crm.customer360.events",
            "fields": fields + [{"name": field, "type": "string"} for field in AGREED[name]]})
        body = io.BytesIO(message.value()[5:])
        check_value(place.feed[head["ce_id"]], dict(fastavro.schemaless_reader(body, schema)))
        assert not body.read(), "bytes are left over"
        seen.add(name)
    assert seen == set(AGREED), seen


def java_reads_the_same_and_would_place_the_keys_alike(place):
    names = ["a." + topic for topic in topics.PARTITIONS]
    done = subprocess.run(["java", "-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-cp", os.path.join(jars("kafka"), "*"),
                           os.path.join(HERE, "ReadTopics.java"), place.broker.brokers, place.registry.url, *names],
                          check=True, capture_output=True, text=True, timeout=120)
    records = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    seen = set()
    for record in records:
        assert record["partition"] == record["placed"], record
        event = place.feed.get(record["value"]["eventId"])
        if event:
            check_value(event, record["value"])
            seen.add(event["eventId"])
    assert seen == set(place.feed), len(set(place.feed) - seen)


def topics_have_the_agreed_partitions(place):
    metadata = AdminClient({"bootstrap.servers": place.broker.brokers}).list_topics(timeout=10).topics
    for topic, partitions in [*topics.PARTITIONS.items(), (topics.PROGRESS, 1)]:
        assert len(metadata["a." + topic].partitions) == partitions, topic


def batches_are_compressed_on_the_wire(place):
    service = place.service("z.", "--kafka-format", "json")
    api = Api(service.port)
    service.stop()
    service.flags += ["--kafka-brokers", ""]
    service.start()
    for number in range(40):
        api.ask("POST", "/customers?onDuplicate=allow", {"customerId": f"Z-{number}", "name": "Compress " + "me " * 20})
    service.stop()
    service.flags += ["--kafka-brokers", place.broker.brokers]
    service.start()
    assert len(read_all(place, "z.", 40)) == 40
    service.stop()
    segments = [os.path.join(place.broker.directory, "data", f"z.crm.customer360.profile.created-{n}", "0" * 20 + ".log") for n in range(6)]
    said = place.broker.tool("kafka.tools.DumpLogSegments", "--files", ",".join(segments))
    assert "compresscodec: lz4" in said, said[:500]


def a_restart_publishes_nothing_again(place):
    service = place.service("b.", "--kafka-format", "json")
    api, total = Api(service.port), 0
    for _ in range(4):
        for _ in range(5):
            total += 1
            api.ask("POST", "/customers?onDuplicate=allow", {"customerId": f"R-{total}", "name": f"Restart {total}"})
        service.stop()  # publishes what is there
        service.start()
    feed = api.feed()
    messages = read_all(place, "b.", total)
    time.sleep(0.5)
    assert not (found := topics.compare(feed, messages)), found
    service.stop()


def json_values_are_the_envelope_of_the_feed(place):
    service = place.service("c.", "--kafka-format", "json")
    feed = tell_everything(service, "tenant-7")
    messages = read_all(place, "c.", len(feed))
    for message in messages:
        event = dict(feed.get(topics.headers(message)["ce_id"], {}))
        if not event:
            assert message.key() == b"C-11"
            continue
        del event["position"]
        assert topics.parse(message) == event
        assert topics.headers(message)["content-type"] == "application/json"
    service.stop()


def without_a_registry_schemas_are_named_by_fingerprint(place):
    service = place.service("d.", registry=False)
    Api(service.port).ask("POST", "/customers", {"customerId": "S-1", "name": "Single"})
    message = read_all(place, "d.", 1)[0]
    with open(os.path.join(ROOT, "schemas", "avro", "CustomerProfileCreatedEvent.avsc"), encoding="utf-8") as file:
        schema = json.load(file)
    canonical = fastavro.schema.to_parsing_canonical_form(schema)
    fingerprint = fastavro.schema.fingerprint(canonical, "CRC-64-AVRO")
    assert message.value()[:2] == b"\xc3\x01"
    assert message.value()[2:10].hex() == fingerprint or message.value()[9:1:-1].hex() == fingerprint, (message.value()[:10], fingerprint)
    value = fastavro.schemaless_reader(io.BytesIO(message.value()[10:]), fastavro.parse_schema(schema))
    assert value["name"] == "Single", value
    service.stop()


def a_topic_that_differs_is_named_and_the_service_serves(place):
    admin = AdminClient({"bootstrap.servers": place.broker.brokers})
    topic = "e.crm.customer360.consent.updated"
    counts = topics.PARTITIONS | {topics.PROGRESS: 1, "crm.customer360.consent.updated": 5}
    for made in admin.create_topics([NewTopic("e." + name, count, 1) for name, count in counts.items()]).values():
        made.result(20)
    service = place.service("e.", "--kafka-format", "json")
    await_text(service, f"topic {topic} has 5 partitions, agreed are 3")
    api = Api(service.port)
    api.ask("POST", "/customers", {"customerId": "E-1", "name": "Waits"})
    assert api.metric("customer360_relay_failing") == 1 and service.read("/readyz")
    service.stop()
    service.flags += ["--kafka-topics", "any"]
    service.start()
    assert len(read_all(place, "e.", 1)) == 1
    service.stop()


def the_topic_of_the_place_has_one_partition_whatever_is_allowed(place):
    admin = AdminClient({"bootstrap.servers": place.broker.brokers})
    counts = topics.PARTITIONS | {topics.PROGRESS: 3}
    for made in admin.create_topics([NewTopic("m." + name, count, 1) for name, count in counts.items()]).values():
        made.result(20)
    service = place.service("m.", "--kafka-format", "json", "--kafka-topics", "any", registry=False)
    await_text(service, f"topic m.{topics.PROGRESS} has 3 partitions, agreed are 1")
    service.stop()


def a_topic_that_is_missing_is_named_when_none_may_be_made(place):
    service = place.service("f.", "--kafka-topics", "check", "--kafka-format", "json")
    await_text(service, "topic f.crm.customer360.profile.created is not there")
    service.stop()


def events_wait_while_the_registry_is_away(place):
    service = place.service("g.", "--kafka-registry", "http://127.0.0.1:1/apis/ccompat/v7", registry=False)
    api = Api(service.port)
    api.ask("POST", "/customers", {"customerId": "G-1", "name": "Waits"})
    await_text(service, "does not answer")
    api.await_metric("customer360_relay_failing", 1)
    assert api.metric("customer360_relay_backlog_events") >= 0
    service.stop()
    service.flags += ["--kafka-registry", place.registry.url]
    service.start()
    assert len(read_all(place, "g.", 1)) == 1
    service.stop()


def a_registry_that_goes_away_later_holds_up_nobody(place):
    service = place.service("j.", "--kafka-timeout", "1s")
    api = Api(service.port)
    api.ask("POST", "/customers", {"customerId": "J-1", "name": "Registered"})
    assert len(read_all(place, "j.", 1)) == 1
    place.registry.pause()
    try:
        api.ask("POST", "/customers", {"customerId": "J-2", "name": "Goes on"})
        assert len(read_all(place, "j.", 2)) == 2
    finally:
        place.registry.go_on()
    service.stop()


def events_wait_while_the_broker_is_away(place):
    service = place.service("h.", "--kafka-format", "json", "--kafka-timeout", "2s", "--kafka-lease", "1s")
    api = Api(service.port)
    api.ask("POST", "/customers", {"customerId": "H-0", "name": "Before"})
    assert len(read_all(place, "h.", 1)) == 1
    place.broker.kill()
    for number in range(1, 30):
        api.ask("POST", "/customers?onDuplicate=allow", {"customerId": f"H-{number}", "name": f"Meanwhile {number}"})
    api.await_metric("customer360_relay_failing", 1)
    api.await_metric("customer360_relay_backlog_events", 29)
    assert api.metric("customer360_relay_lag_seconds") > 0
    assert json.loads(service.read("/readyz"))["status"] == "UP", service.read("/readyz")
    place.broker.start()
    messages = read_all(place, "h.", 30)
    assert not (found := topics.compare(api.feed(), messages)), found
    api.await_metric("customer360_relay_failing", 0)
    service.stop()


def an_instance_that_reaches_no_broker_lets_another_publish(place):
    flags = ["--kafka-format", "json", "--kafka-timeout", "1s", "--kafka-lease", "1s"]
    store = place.shared_store()
    cut_off = place.service("k.", *flags, "--kafka-brokers", "127.0.0.1:1", registry=False, store=store)
    api = Api(cut_off.port)
    api.await_metric("customer360_relay_leads", 1)
    other = place.service("k.", *flags, registry=False, store=store)
    for number in range(5):
        api.ask("POST", "/customers?onDuplicate=allow", {"customerId": f"K-{number}", "name": f"Waits {number}"})
    messages = read_all(place, "k.", 5)
    assert not (found := topics.compare(api.feed(), messages)), found
    assert Api(other.port).metric("customer360_relay_events_published_total") == 5
    assert "relay.stands_back" in cut_off.log()
    cut_off.stop()
    other.stop()


def create(api, name, count, patience_s=60):
    """Also while the database fails over."""
    deadline = time.monotonic() + patience_s
    for number in range(count):
        body = {"customerId": f"{name}-{number}", "name": f"Customer {name} {number}"}
        while (answer := api.request("POST", API + "/customers?onDuplicate=allow", body))[0] != 201:
            assert answer[0] in (503, 504, 409) and time.monotonic() < deadline, answer


def wait_for(what, patience_s=60):
    deadline = time.monotonic() + patience_s
    while not what():
        assert time.monotonic() < deadline, "it does not come"
        time.sleep(0.05)


def fall_behind(standby, primary):
    """It has all that was committed so far, and gets nothing more."""
    at = primary.sql("SELECT pg_current_wal_lsn()")
    wait_for(lambda: standby.sql(f"SELECT pg_last_wal_replay_lsn() >= '{at}'") == "t")
    standby.sql("ALTER SYSTEM SET primary_conninfo = ''")
    standby.sql("SELECT pg_reload_conf()")
    wait_for(lambda: standby.sql("SELECT count(*) FROM pg_stat_wal_receiver") == "0")


def what_comes_after_a_fail_over_that_lost_commits_reaches_all(place):
    with contextlib.ExitStack() as stack:
        primary = PostgresServer()
        stack.callback(primary.stop)
        store = primary.new_database(place.binary)
        standby = PostgresServer(of=(primary, "standby"))
        stack.callback(standby.stop)
        receiver = Receiver()
        stack.callback(receiver.stop)
        service = place.service("l.", "--kafka-format", "json", "--store-connect-timeout", "1s", "--store-statement-timeout", "2s",
                                "--webhooks-internal-networks", "127.0.0.0/8", "--webhooks-plain-http", registry=False,
                                store=store.replace(f":{primary.port}/", f":{primary.port},127.0.0.1:{standby.port}/"))
        stack.callback(service.stop)
        api, reader = Api(service.port), topics.Reader(place.broker.brokers, "l.")
        stack.callback(reader.close)
        api.ask("POST", "/webhooks", {"url": receiver.url})
        create(api, "kept", 20)
        fall_behind(standby, primary)
        create(api, "lost", 10)
        messages = reader.read_until(30)
        wait_for(lambda: receiver.count >= 30)
        seen = max(event["position"] for event in api.feed().values())
        primary.kill()
        standby.promote()
        create(api, "new", 15)
        wait_for(lambda: len(api.feed()) == 35)  # those that were lost are not there
        feed = api.feed()
        messages += reader.read_until(15)
        fresh = [event for event in feed.values() if event["position"] > seen]
        assert len(fresh) == 15 and all(2**32 < event["position"] < 2**53 for event in fresh), fresh
        wait_for(lambda: set(feed) <= {event["eventId"] for event in receiver.events()})
        for metric in ("customer360_relay_backlog_events", "customer360_webhook_backlog_events"):
            api.await_metric(metric, 0)
        assert "relay.has_a_new_timeline" in service.log()
        service.stop()
        service.start()
        create(api, "more", 2)
        messages += reader.read_until(2)
        told = [message for message in messages if not message.key().startswith(b"lost-")]
        assert len(messages) == len(told) + 10 and not (found := topics.compare(api.feed(), told)), found


def a_stop_publishes_what_is_there(place):
    service = place.service("i.", "--kafka-format", "json")
    api = Api(service.port)
    api.await_metric("customer360_relay_leads", 1)
    for number in range(50):
        api.ask("POST", "/customers?onDuplicate=allow", {"customerId": f"I-{number}", "name": f"Last {number}"})
    service.stop()
    reader = topics.Reader(place.broker.brokers, "i.")
    assert len(reader.read()) == 50
    reader.close()


def doctor_tells_of_brokers_topics_and_registry(place):
    def look(*flags):
        done = subprocess.run([place.binary, "doctor", "--dev", "--json", "--listen", "127.0.0.1:0", "--store",
                               f"sqlite:{place.directory}/doctor.db", *flags], check=False, capture_output=True, text=True)
        return next(f for f in json.loads(done.stdout) if f["about"] == "kafka")
    brokers = ["--kafka-brokers", place.broker.brokers]
    found = look(*brokers, "--kafka-topic-prefix", "a.", "--kafka-registry", place.registry.url)
    assert found["severity"] == "OK" and "registry answers" in found["finding"], found
    found = look(*brokers, "--kafka-topic-prefix", "nobodys.")
    assert found["severity"] == "OK" and "will be made" in found["finding"], found
    found = look(*brokers, "--kafka-topic-prefix", "nobodys.", "--kafka-topics", "check")
    assert found["severity"] == "FAILURE" and "is not there" in found["finding"], found
    found = look("--kafka-brokers", "127.0.0.1:1", "--kafka-timeout", "1s")
    assert found["severity"] == "FAILURE" and "Connection refused" in found["finding"], found


TESTS = [every_event_is_read_with_the_registry, bytes_are_read_with_the_agreed_schemas_by_fastavro,
         java_reads_the_same_and_would_place_the_keys_alike, topics_have_the_agreed_partitions,
         batches_are_compressed_on_the_wire, a_restart_publishes_nothing_again, json_values_are_the_envelope_of_the_feed,
         without_a_registry_schemas_are_named_by_fingerprint, a_topic_that_differs_is_named_and_the_service_serves,
         the_topic_of_the_place_has_one_partition_whatever_is_allowed, a_topic_that_is_missing_is_named_when_none_may_be_made, events_wait_while_the_registry_is_away,
         a_registry_that_goes_away_later_holds_up_nobody, an_instance_that_reaches_no_broker_lets_another_publish,
         what_comes_after_a_fail_over_that_lost_commits_reaches_all,
         a_stop_publishes_what_is_there, doctor_tells_of_brokers_topics_and_registry, events_wait_while_the_broker_is_away]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", default=os.path.join(ROOT, "build", "customer360"))
    parser.add_argument("names", nargs="*")
    options = parser.parse_args()
    place, failed = Place(os.path.abspath(options.binary)), 0
    try:
        place.start()
        for test in TESTS:
            if options.names and test.__name__ not in options.names:
                continue
            began = time.monotonic()
            try:
                test(place)
                print(f"ok - {test.__name__.replace('_', ' ')} # {time.monotonic() - began:.1f} s", flush=True)
            except Exception:  # pylint: disable=broad-except
                failed += 1
                print(f"not ok - {test.__name__.replace('_', ' ')}\n# " + traceback.format_exc().replace("\n", "\n# "), flush=True)
    finally:
        place.stop()
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
