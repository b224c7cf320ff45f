#!/usr/bin/python3
"""How fast messages of neighbouring systems take effect. Called by bench/run.py consume.

    bench/run.py consume [--store sqlite|postgres] [--profiles 20000] [--messages 200000] [--rounds 3]

Service orders about customers that are there, as JSON and as Avro, wait in a topic of six partitions, one in twenty of them twice; the
time is that from the service's first to its last effect, by its metrics. Afterwards each order must be there once.
"""
import argparse
import json
import os
import random
import time

import tools  # before those of the tests: it knows where they are
import inputs  # tests/kafka/inputs.py
from servers.api import Api
from servers.kafka import KafkaServer


def send(broker, prefix, options, form, schema):
    """How many effects and messages there are to be."""
    sender, chance, sent = inputs.Sender(broker.brokers, prefix), random.Random(1), 0
    for number in range(options.messages):
        customer = f"CUST-{chance.randrange(options.profiles):08}"
        payload = {"serviceOrderId": f"{prefix}{number}", "customerId": customer, "priority": "HIGH", "status": "OPEN"}
        if form == "json":
            value = inputs.as_json("service_orders", f"{prefix}{number}", payload, tenant="bench")
        else:
            value = inputs.single_object(schema, {"eventId": f"{prefix}{number}", "timestamp": inputs.NOW_MS, "tenantId": "bench", **payload})
        for _ in range(2 if number % 20 == 0 else 1):
            sender.send("service_orders", customer, value)
            sent += 1
        sender.producer.poll(0)
    sender.flush()
    return sent


def until(api, count):
    """When so many had been taken."""
    while True:
        taken = api.metric("customer360_consumer_applied_total") + api.metric("customer360_consumer_repeated_total")
        if taken >= count:
            return time.monotonic(), taken
        time.sleep(0.02)


def measure(stage, broker, options, number, form, schema):
    prefix = f"b{number}."
    inputs.make_topics(broker.brokers, prefix, partitions=6)
    sent = send(broker, prefix, options, form, schema)
    service = stage.serve("--kafka-brokers", broker.brokers, "--kafka-topic-prefix", prefix, *inputs.flags(prefix))
    api = Api(service.port)
    began, first = until(api, 1)
    ended, _ = until(api, sent)
    cpu = tools.cpu_seconds(service.process.pid)
    found = {"applied": int(api.metric("customer360_consumer_applied_total")), "repeated": int(api.metric("customer360_consumer_repeated_total")),
             "put_aside": int(api.metric("customer360_dead_letters"))}
    service.stop()
    assert found == {"applied": options.messages, "repeated": sent - options.messages, "put_aside": 0}, found
    if stage.server:
        rows = stage.server.sql(f"select count(*), count(distinct subject) from fact where kind = 'SERVICE_ORDER' and subject like '{prefix}%'", stage.url.rsplit("/", 1)[1])
        assert rows == f"{options.messages}|{options.messages}", rows
    return tools.report(measure="consume", store=options.store, form=form, messages_per_second=round((sent - first) / (ended - began)),
                        cpu_us_per_message=round(cpu / sent * 1e6, 1), **found)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--store", choices=("sqlite", "postgres"), default="postgres")
    parser.add_argument("--profiles", type=int, default=20000)
    parser.add_argument("--messages", type=int, default=200000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    broker, stage = KafkaServer(memory="512m", level=4), tools.Stage(options.store)
    try:
        broker.start()
        stage.import_profiles(options.profiles)
        with open(os.path.join(tools.ROOT, "schemas", "asyncapi.json"), encoding="utf-8") as described:
            schema = json.load(described)["components"]["messages"]["ServiceOrderCreatedEvent"]["payload"]["schema"]
        for number in range(options.rounds):
            for form in ("json", "avro"):
                measure(stage, broker, options, f"{number}{form}", form, schema)
    finally:
        stage.close()
        broker.stop()


if __name__ == "__main__":
    main()
