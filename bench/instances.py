"""`bench/run.py instances`: two instances over one PostgreSQL beside one, reads and creates, on the same cores as their load.

Rounds alternate: all connections at the first instance, then half of them at each. The rates of the two are added. What was
acknowledged is counted in the database in the end, so that no create is there twice or missing.
"""
import os
import statistics
import threading

import tools


def both(wrk, services, script, arguments, seconds):
    """One load for each of the services at the same time, with a share of the connections."""
    runs = [None] * len(services)

    def load(number):
        runs[number] = wrk(services[number].port, script, arguments(number), seconds, connections=64 // len(services))

    threads = [threading.Thread(target=load, args=(number,)) for number in range(len(services))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return {"per_second": round(sum(run["per_second"] for run in runs)), "p99_ms": max(run["p99_ms"] for run in runs),
            "failed": sum(run["failed"] for run in runs)}


def compare(stage, services, what, script, arguments, options):
    rounds = {1: [], 2: []}
    for number in range(options.rounds):
        for count in (1, 2):
            rounds[count].append(both(tools.wrk, services[:count], script, lambda at, n=number, c=count: arguments(f"{n}x{c}x{at}"), options.seconds))
    middle = {count: statistics.median(run["per_second"] for run in runs) for count, runs in rounds.items()}
    tools.report(measure=f"instances {what}", one=rounds[1], two=rounds[2], median_one=middle[1], median_two=middle[2],
                 ratio_two_to_one=round(middle[2] / middle[1], 2), failed=sum(run["failed"] for runs in rounds.values() for run in runs))
    return sum(run["per_second"] * options.seconds for runs in rounds.values() for run in runs)


def measure(options):
    stage = tools.Stage("postgres")
    services = []
    try:
        stage.import_profiles(options.profiles)
        services = [stage.serve(*tools.EVERYBODY_WAITS) for _ in range(2)]
        compare(stage, services, "look-ups", "lookup.lua", lambda tag: tools.lookup_arguments(stage, options.profiles), options)
        header = f"Authorization=Bearer {stage.token}"
        about = compare(stage, services, "creates", "create.lua", lambda tag: [f"{tools.API}/customers", f"i{tag}x{os.getpid()}", header], options)
        while services:
            services.pop().stop()  # what was under way when the load ended is done
        database = stage.url.rsplit("/", 1)[1]
        there = int(stage.server.sql("SELECT count(*) FROM profile", database)) - options.profiles
        told = int(stage.server.sql("SELECT count(DISTINCT aggregate_id) FROM outbox WHERE type = 'CustomerProfileCreatedEvent'", database)) - options.profiles
        tools.report(measure="instances creates counted", acknowledged_about=round(about), customers=there, events=told, right=there == told)
    finally:
        for service in services:
            service.stop()
        stage.close()
