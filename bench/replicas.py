"""`bench/run.py replicas`: look-ups and creates with a read replica beside the same without, in turn, over one PostgreSQL.

Both servers, the service and the load share the cores, so a replica can make nothing faster here. What is shown is what it costs the service, and what
it takes from the primary: processor time of each, per request.
"""
import os
import statistics

import tools
from servers.postgres import PostgresServer


def stat(pid):
    """What stands behind the name; nothing of a process that has gone."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as text:
            return text.read().rsplit(")", 1)[1].split()
    except OSError:
        return []


def cpu_seconds(process):
    """Of a server: its process, those that it has, and those that it had."""
    total = 0
    pids = [process.pid]
    for name in os.listdir("/proc"):
        if name.isdigit():
            fields = stat(name)
            if fields and int(fields[1]) == process.pid:
                pids.append(int(name))
    for pid in pids:
        fields = stat(pid)
        if not fields:
            continue
        total += int(fields[11]) + int(fields[12]) + (int(fields[13]) + int(fields[14]) if pid == process.pid else 0)
    return total / os.sysconf("SC_CLK_TCK")


def one_round(service, servers, script, arguments, seconds):
    before = {name: cpu_seconds(process) for name, process in servers.items()}
    run = tools.wrk(service.port, script, arguments, seconds)
    count = max(run["per_second"] * seconds, 1)
    run["cpu_us"] = {name: round((cpu_seconds(process) - before[name]) * 1e6 / count, 1) for name, process in servers.items()}
    return run


def middle(runs, read):
    return statistics.median(read(run) for run in runs)


def compare(what, sides, script, options):
    """sides: name to (service, processes, arguments of a round)."""
    rounds = {name: [] for name in sides}
    for number in range(options.rounds):
        for name, (service, servers, arguments) in sides.items():
            rounds[name].append(one_round(service, servers, script, arguments(number), options.seconds))
    for name, runs in rounds.items():
        tools.report(measure=f"{what}, {name}", per_second=middle(runs, lambda run: run["per_second"]), p99_ms=middle(runs, lambda run: run["p99_ms"]),
                     cpu_us={who: middle(runs, lambda run, w=who: run["cpu_us"][w]) for who in runs[0]["cpu_us"]}, failed=sum(run["failed"] for run in runs))


def measure(options):
    stage = tools.Stage("postgres")
    replica, services = None, []
    try:
        stage.import_profiles(options.profiles)
        replica = PostgresServer(("shared_buffers=1GB",), of=(stage.server, "replica"))
        url = stage.url.replace(f":{stage.server.port}/", f":{replica.port}/")
        services = [stage.serve(*tools.EVERYBODY_WAITS), stage.serve("--store-replica", url, *tools.EVERYBODY_WAITS)]
        sides = {}
        for name, service in zip(("without", "with a replica"), services):
            servers = {"service": service.process, "primary": stage.server.process, "replica": replica.process}
            sides[name] = (service, servers)
        look_up = tools.lookup_arguments(stage, options.profiles)
        compare("look-ups", {name: (*side, lambda _, n=name: look_up + (["Read-After=0"] if n != "without" else [])) for name, side in sides.items()},
                "lookup.lua", options)
        header = f"Authorization=Bearer {stage.token}"
        compare("creates", {name: (*side, lambda number, n=name: [f"{tools.API}/customers", f"r{number}x{len(n)}x{os.getpid()}", header]) for name, side in sides.items()},
                "create.lua", options)
    finally:
        for service in services:
            service.stop()
        if replica:
            replica.stop()
        stage.close()
