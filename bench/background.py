#!/usr/bin/python3
"""What publishing and consuming cost a look-up. Called by bench/run.py background.

    bench/run.py background [--store sqlite|postgres] [--profiles 20000] [--seconds 10] [--rounds 3]

Look-ups are asked at a given rate (bench_load). Rounds alternate: messages of neighbouring systems are sent at EVENTS a second to topics that
nobody reads, or to those that the service reads; half of them change a customer, whose event is published. So broker and sender have the same work
in both, and what differs is what relay and consumer do.
"""
import argparse
import os
import random
import statistics
import threading
import time

import tools  # before those of the tests: it knows where they are
import inputs  # tests/kafka/inputs.py
from servers.api import Api
from servers.kafka import KafkaServer

EVENTS, LOOKUPS = 3000, 2000  # a second


class Neighbour(threading.Thread):
    """Sends at EVENTS a second until it is told to stop."""

    def __init__(self, broker, prefix, options):
        super().__init__(daemon=True)
        self.sender, self.options, self.sent, self.ended, self.chance = inputs.Sender(broker.brokers, prefix), options, 0, threading.Event(), random.Random()

    def send_one(self):
        number, customer = self.chance.getrandbits(48), f"CUST-{self.chance.randrange(self.options.profiles):08}"
        kind, payload = ("master_updates", {"segment": f"S{number % 1000}"}) if number % 2 else ("service_orders", {"serviceOrderId": f"SO-{number}"})
        value = inputs.as_json(kind, f"b-{number}", {"customerId": customer, **payload}, tenant="bench", at_ms=int(time.time() * 1000))
        self.sender.send(kind, customer, value)
        self.sent += 1

    def run(self):
        began = time.monotonic()
        while not self.ended.wait(0.01):
            while self.sent < (time.monotonic() - began) * EVENTS:
                self.send_one()
            self.sender.producer.poll(0)
        self.sender.flush()

    def end(self):
        self.ended.set()
        self.join()


def look_up(service, stage, targets, neighbour, options):
    neighbour.start()
    time.sleep(1)
    figures = tools.load(service, stage.token, targets, f"{LOOKUPS}:{options.seconds}")[0]
    neighbour.end()
    return figures["accepted_p99_ms"]


def measure(stage, broker, options):
    for prefix in ("read.", "unread."):
        inputs.make_topics(broker.brokers, prefix, partitions=6)
    service = stage.serve("--kafka-brokers", broker.brokers, "--kafka-topic-prefix", "read.", *inputs.flags("read."))
    api, targets = Api(service.port), os.path.join(stage.directory, "targets")
    with open(targets, "w", encoding="utf-8") as out:
        out.writelines(f"{tools.API}/customers/CUST-{random.randrange(options.profiles):08}\n" for _ in range(20000))
    waits = {"unread.": [], "read.": []}
    for number in range(options.rounds + 1):  # the first warms up
        for prefix, found in waits.items():
            before = api.metric("customer360_consumer_applied_total"), api.metric("customer360_relay_events_published_total")
            neighbour = Neighbour(broker, prefix, options)
            p99 = look_up(service, stage, targets, neighbour, options)
            if number > 0:
                found.append(p99)
            api.await_metric("customer360_consumer_lag_messages", 0, 120)
            done = [int(api.metric(f"customer360_{name}_total") - old)
                    for name, old in zip(("consumer_applied", "relay_events_published"), before)]
            tools.report(measure="background", store=options.store, topics=prefix.rstrip("."), sent=neighbour.sent, applied=done[0], published=done[1], p99_ms=p99)
    service.stop()
    without, with_work = (statistics.median(found) for found in waits.values())
    tools.report(measure="background", store=options.store, p99_ms_without=without, p99_ms_with=with_work, ratio=round(with_work / without, 2))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--store", choices=("sqlite", "postgres"), default="sqlite")
    parser.add_argument("--profiles", type=int, default=20000)
    parser.add_argument("--seconds", type=int, default=10)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    broker, stage = KafkaServer(memory="512m", level=4), tools.Stage(options.store)
    try:
        broker.start()
        stage.import_profiles(options.profiles)
        measure(stage, broker, options)
    finally:
        stage.close()
        broker.stop()


if __name__ == "__main__":
    main()
