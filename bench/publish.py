#!/usr/bin/python3
"""How fast events come from the outbox to a reader of committed records, and how soon. Called by bench/run.py publish.

    bench/run.py publish [--store sqlite|postgres] [--profiles 200000] [--seconds 10] [--rounds 3] [--newer]

A store with as many events as profiles is published by a service that is started on it; the time is that from its
begin to the last event at the reader. Beside it, alternating, Apache's own producer measures what a plain
at-least-once loop does on the same broker with records of the same size. Then customers are created at 1,000 a second,
and each event tells when its change was recorded, before the commit: the reader compares. --newer: with the librdkafka of
the Python client, instead of the system's.
"""
import argparse
import glob
import json
import os
import re
import threading
import time
from datetime import datetime, timezone

import confluent_kafka
from confluent_kafka.admin import AdminClient, NewTopic
import tools  # before those of the tests: it knows where they are
import topics  # tests/kafka/topics.py
from servers.kafka import KafkaServer


def newer_library():
    site = os.path.dirname(os.path.dirname(confluent_kafka.__file__))
    return glob.glob(os.path.join(site, "confluent_kafka.libs", "librdkafka-*.so*"))[0]


def consumer(broker, prefix):
    made = confluent_kafka.Consumer({
        "bootstrap.servers": broker.brokers, "group.id": prefix or "bench", "enable.auto.commit": False,
        "isolation.level": "read_committed", "auto.offset.reset": "earliest", "fetch.wait.max.ms": 5, "log_level": 0})
    made.assign([confluent_kafka.TopicPartition(prefix + topic, partition, 0)
                 for topic, count in topics.PARTITIONS.items() for partition in range(count)])
    return made


def take(reader, wanted, patience_s=120, at_once=5000):
    """Messages as they come, until there are as many: (time of arrival, message). The client waits up to a tenth of a second to
    give at_once together."""
    found, deadline = 0, time.monotonic() + patience_s
    while found < wanted and time.monotonic() < deadline:
        for message in reader.consume(at_once, 0.1):
            if not message.error():
                found += 1
                yield time.time(), message
    assert found >= wanted, f"{found} of {wanted} events came"


def make_topics(broker, prefix):
    admin = AdminClient({"bootstrap.servers": broker.brokers})
    wanted = [NewTopic(prefix + topic, count, 1) for topic, count in (topics.PARTITIONS | {topics.PROGRESS: 1}).items()]
    for made in admin.create_topics(wanted).values():
        made.result(30)


def began(service):
    """When its relay began, by its log."""
    with open(service.log_path, encoding="utf-8") as log:
        line = next(line for line in log if '"relay.begins"' in line)
    return datetime.fromisoformat(json.loads(line)["time"].rstrip("Z")).replace(tzinfo=timezone.utc).timestamp()


def serve(stage, broker, prefix, options, *flags):
    wanted = ["--kafka-brokers", broker.brokers, "--kafka-topic-prefix", prefix, *flags]
    if options.newer:
        os.environ["LD_PRELOAD"] = newer_library()
    try:
        return stage.serve(*wanted)
    finally:
        os.environ.pop("LD_PRELOAD", None)


def backlog(stage, broker, options, number):
    """Events per second from the relay's begin to the last at the reader, and bytes of a record."""
    prefix, size = f"bench{number}.", 0
    make_topics(broker, prefix)
    reader = consumer(broker, prefix)
    service = serve(stage, broker, prefix, options)
    for last, message in take(reader, options.profiles):
        size += len(message.value()) + len(message.key()) + sum(len(name) + len(value) for name, value in message.headers())
    seconds = last - began(service)
    cpu = tools.cpu_seconds(service.process.pid)
    service.stop()
    reader.close()
    return options.profiles / seconds, size // options.profiles, cpu / options.profiles * 1e6


def plain_loop(broker, count, size, number):
    """What Apache's producer does with acks=all and no transactions, after its start."""
    topic = f"plain{number}"
    broker.tool("org.apache.kafka.tools.TopicCommand", "--bootstrap-server", broker.brokers, "--create", "--topic", topic, "--partitions", "6")
    said = broker.tool("org.apache.kafka.tools.ProducerPerformance", "--topic", topic, "--num-records", str(count), "--record-size", str(size),
                       "--throughput", "-1", "--producer-props", f"bootstrap.servers={broker.brokers}", "acks=all", "compression.type=lz4",
                       "enable.idempotence=false", timeout=300)
    return float(re.findall(r"([\d.]+) records/sec", said)[-1])


def latency(stage, broker, options):
    """Milliseconds from the recording of a change to its event at the reader, at 1,000 a second."""
    service = serve(stage, broker, "late.", options)
    tools.load(service, stage.token, "create", "50:1")
    reader, delays, count = consumer(broker, "late."), [], 1000 * options.seconds
    writing = threading.Thread(target=tools.load, args=(service, stage.token, "create", f"1000:{options.seconds}"))
    warm = options.profiles + 40
    for index, (when, message) in enumerate(take(reader, warm + count * 9 // 10, 300, at_once=1)):
        if index == warm - 1:
            writing.start()
        if index >= warm + 500:
            told = datetime.fromisoformat(topics.headers(message)["ce_time"].rstrip("Z")).replace(tzinfo=timezone.utc).timestamp()
            delays.append((when - told) * 1000)
    writing.join()
    service.stop()
    reader.close()
    delays.sort()
    at = lambda share: round(delays[int(len(delays) * share)], 1)  # noqa: E731
    return {"p50_ms": at(.5), "p95_ms": at(.95), "p99_ms": at(.99), "events": len(delays)}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--store", choices=("sqlite", "postgres"), default="sqlite")
    parser.add_argument("--profiles", type=int, default=200000)
    parser.add_argument("--seconds", type=int, default=10)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--newer", action="store_true")
    options = parser.parse_args()
    broker, stage = KafkaServer(memory="512m", level=4), tools.Stage(options.store)
    library = "newer" if options.newer else "system"
    try:
        broker.start()
        stage.import_profiles(options.profiles)
        ours, plain = [], []
        for number in range(options.rounds):
            rate, size, cpu = backlog(stage, broker, options, number)
            ours.append(rate)
            plain.append(plain_loop(broker, options.profiles, size, number))
            tools.report(measure="publish", store=options.store, library=library, events_per_second=round(rate), record_bytes=size,
                   cpu_us_per_event=round(cpu, 1), plain_loop_per_second=round(plain[-1]))
        tools.report(measure="publish latency at 1000/s", store=options.store, library=library, **latency(stage, broker, options))
        best = lambda rates: sorted(rates)[len(rates) // 2]  # noqa: E731
        tools.report(measure="publish", store=options.store, library=library, events_per_second=round(best(ours)),
               ratio_to_plain_loop=round(best(ours) / best(plain), 2))
    finally:
        stage.close()
        broker.stop()


if __name__ == "__main__":
    main()
