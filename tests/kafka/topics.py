"""What is in the topics, as a reader of committed records sees it."""
import json
import time
from datetime import datetime

from confluent_kafka import Consumer, KafkaError, TopicPartition

PARTITIONS = {
    "crm.customer360.profile.created": 6,
    "crm.customer360.profile.updated": 6,
    "crm.customer360.profile.merged": 6,
    "crm.customer360.profile.unmerged": 6,
    "crm.customer360.profile.removed": 6,
    "crm.customer360.profile.erased": 6,
    "crm.customer360.consent.updated": 3,
}
PROGRESS = "crm.customer360.relay.progress"


class Reader:
    """Reads on from where it was: each call gives what was committed since the one before, in order per partition."""

    def __init__(self, brokers, prefix=""):
        self.consumer = Consumer({
            "bootstrap.servers": brokers, "group.id": "tests", "enable.auto.commit": False,
            "isolation.level": "read_committed", "auto.offset.reset": "earliest", "enable.partition.eof": True,
            "fetch.wait.max.ms": 20, "log_level": 0})
        self.places = {(prefix + topic, partition): 0 for topic, count in PARTITIONS.items() for partition in range(count)}

    def read(self, patience_s=30):
        """All messages up to the end of every partition."""
        self.consumer.assign([TopicPartition(topic, partition, offset) for (topic, partition), offset in self.places.items()])
        open_places, found, deadline = set(self.places), [], time.monotonic() + patience_s
        while open_places:
            if time.monotonic() > deadline:
                raise RuntimeError(f"{len(open_places)} partitions are not read to their end in {patience_s} s")
            for message in self.consumer.consume(1000, 0.2):
                place = (message.topic(), message.partition())
                if not message.error():
                    found.append(message)
                    self.places[place] = message.offset() + 1
                elif message.error().code() == KafkaError._PARTITION_EOF:
                    open_places.discard(place)
        self.consumer.unassign()
        return found

    def read_until(self, count, patience_s=30):
        """Reads until there are `count` (or more), or the patience is over."""
        found, deadline = [], time.monotonic() + patience_s
        while True:
            found += self.read()
            if len(found) >= count or time.monotonic() > deadline:
                return found
            time.sleep(0.05)

    def close(self):
        self.consumer.close()


def headers(message):
    return {name: value.decode() for name, value in message.headers() or []}


def out_of_time(heads):
    """Changes of a customer are recorded at later and later times, under a lock: so events must be in that order, by whatever
    they were numbered."""
    found, last = [], {}
    for head in sorted(heads, key=lambda h: h["ce_sequence"]):
        customer, at = (head["ce_tenantid"], head["ce_subject"]), datetime.fromisoformat(head["ce_time"].replace("Z", "+00:00"))
        if customer in last and at < last[customer]:
            found.append(f"event {head['ce_id']} of {customer} is behind one of a later change")
        last[customer] = at
    return found


def compare(feed, messages, told=headers):
    """The feed (all tenants together, in no order) and what was read: a list of differences.

    feed: {eventId: event}; messages: in the order in which they were read."""
    found, seen, last = [], {}, {}
    for message in messages:
        head = told(message)
        if head["ce_id"] in seen:
            found.append(f"event {head['ce_id']} was read twice")
        seen[head["ce_id"]] = head
        # Within a topic a key is in one partition, so what was read is in order per customer.
        place = (message.topic(), message.key())
        if head["ce_sequence"] <= last.get(place, ""):
            found.append(f"event {head['ce_id']} of {message.key()} was read behind a later one")
        last[place] = head["ce_sequence"]
    lost, more = sorted(set(feed) - set(seen)), sorted(set(seen) - set(feed))
    if lost:
        found.append(f"{len(lost)} events were not read: {lost[:3]}")
    if more:
        found.append(f"{len(more)} events were read that nobody committed: {more[:3]}")
    for event_id in set(feed) & set(seen):
        event, head = feed[event_id], seen[event_id]
        if head["ce_subject"] != event["aggregateId"] or not head["ce_type"].endswith("." + event["eventType"]):
            found.append(f"event {event_id} is told as {head}")
    return found + out_of_time(seen.values())


def parse(message):
    return json.loads(message.value())
