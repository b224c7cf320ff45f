"""What neighbouring systems send: topics, and messages in each form that is read."""
import io
import json
import struct
import time

import fastavro
from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient, NewTopic

# By the configuration key that names the topic.
TYPES = {
    "leads": "LeadCreatedEvent",
    "service_orders": "ServiceOrderCreatedEvent",
    "sla_breaches": "ServiceOrderSlaBreachedEvent",
    "contracts": "ContractActivatedEvent",
    "master_updates": "CustomerMasterUpdatedEvent",
    "blocks": "CustomerBlockedEvent",
}
NOW_MS = 1770026400000  # 2026-02-02T10:00:00Z


def topic(prefix, kind):
    return f"{prefix}in.{kind}"


def flags(prefix):
    return ["--kafka-consume", "on", *[word for kind in TYPES for word in (f"--kafka-topic-{kind.replace('_', '-')}", topic(prefix, kind))]]


def make_topics(brokers, prefix, partitions=3):
    admin = AdminClient({"bootstrap.servers": brokers})  # kept until the topics are there
    made = admin.create_topics(
        [NewTopic(topic(prefix, kind), partitions) for kind in TYPES])
    for future in made.values():
        future.result(30)


def envelope(kind, event_id, payload, tenant="default", at_ms=NOW_MS):
    return {"eventType": TYPES[kind], "eventId": event_id, "timestamp": at_ms, "tenantId": tenant, "payload": payload}


def as_json(kind, event_id, payload, **more):
    return json.dumps(envelope(kind, event_id, payload, **more)).encode()


def schema_of(kind, payload):
    """A sender's own: texts as they are, lists of texts, what is None optional; and a member that nobody here knows."""
    def of(value):
        return {"type": "array", "items": "string"} if isinstance(value, list) else ["null", "string"] if value is None else "string"
    return {"type": "record", "name": TYPES[kind], "namespace": "com.erp.sender", "fields": [
        {"name": "eventId", "type": "string"}, {"name": "timestamp", "type": {"type": "long", "logicalType": "timestamp-millis"}},
        {"name": "tenantId", "type": "string"}, *[{"name": name, "type": of(value)} for name, value in payload.items()],
        {"name": "senderOnly", "type": {"type": "map", "values": "double"}}]}


def as_avro(kind, event_id, payload, tenant="default", at_ms=NOW_MS, schema=None):
    out = io.BytesIO()
    record = {"eventId": event_id, "timestamp": at_ms, "tenantId": tenant, "senderOnly": {"a": 1.5}, **payload}
    fastavro.schemaless_writer(out, fastavro.parse_schema(schema or schema_of(kind, payload)), record)
    return out.getvalue()


def with_registry(registry_client, topic_name, kind, event_id, payload, **more):
    from confluent_kafka.schema_registry import Schema
    schema = schema_of(kind, payload)
    number = registry_client.register_schema(f"{topic_name}-value", Schema(json.dumps(schema), "AVRO"))
    return struct.pack(">bI", 0, number) + as_avro(kind, event_id, payload, schema=schema, **more)


def single_object(schema, record):
    out = io.BytesIO()
    parsed = fastavro.parse_schema(schema)
    fingerprint = bytes.fromhex(fastavro.schema.fingerprint(fastavro.schema.to_parsing_canonical_form(schema), "CRC-64-AVRO"))
    fastavro.schemaless_writer(out, parsed, record)
    return b"\xc3\x01" + fingerprint + out.getvalue()


class Sender:
    def __init__(self, brokers, prefix):
        self.producer, self.prefix = Producer({"bootstrap.servers": brokers, "linger.ms": 5, "partitioner": "murmur2_random",
                                               "message.max.bytes": 2000000}), prefix

    def send(self, kind, key, value, headers=None):
        while True:
            try:
                self.producer.produce(topic(self.prefix, kind), key=key, value=value, headers=headers)
                return
            except BufferError:
                self.producer.poll(0.1)

    def json(self, kind, key, event_id, payload, **more):
        self.send(kind, key, as_json(kind, event_id, payload, **more))

    def flush(self):
        assert self.producer.flush(30) == 0, "not everything was sent"


def until(what, wanted, patience_s=30):
    """Waits until what() is wanted (or, a function, holds of it)."""
    deadline = time.monotonic() + patience_s
    holds = wanted if callable(wanted) else lambda found: found == wanted
    while not holds(found := what()):
        assert time.monotonic() < deadline, f"it is {found}, not {wanted}"
        time.sleep(0.05)
    return found
