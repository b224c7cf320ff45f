#!/usr/bin/python3
"""All that runs in production, on loopback: PostgreSQL, Kafka, a schema registry, instances of the service and a load balancer.

    make run-production
    tests/servers/production.py [--instances 2] [--port 9401] [--binary build/customer360]

Topics are read as well as written, and webhooks may go to this machine. Prints what it started and stops all of it on Ctrl-C; the data go with it. An instance that dies is started again, as systemd does.
"""
import argparse
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.dirname(HERE))
from servers.kafka import KafkaServer  # noqa: E402
from servers.kept import ROOT  # noqa: E402
from servers.nginx import LoadBalancer  # noqa: E402
from servers.postgres import PostgresServer  # noqa: E402
from servers.registry import RegistryServer  # noqa: E402
from servers.service import Mismatch, Service  # noqa: E402

CALLER = ("acme", "operator", "*")


class Production:
    """Stopped in the opposite order of being started, whatever of it was."""

    def __init__(self, options):
        self.options, self.started = options, []
        self.directory = tempfile.mkdtemp(prefix="customer360-production-")

    def begin(self, make):
        server = make()
        self.started.append(server)
        if not isinstance(server, (PostgresServer, Service)):  # which start when they are made
            server.start()
        return server

    def begin_together(self, *makers):
        """Servers that do not wait for each other."""
        servers, problems = [None] * len(makers), []
        ended = [threading.Event() for _ in makers]  # a join that is interrupted takes its thread for ended ever after

        def run(number, make):
            try:
                servers[number] = self.begin(make)
            except (OSError, RuntimeError, subprocess.SubprocessError) as problem:
                problems.append(problem)
            finally:
                ended[number].set()

        threads = [threading.Thread(target=run, args=pair) for pair in enumerate(makers)]
        try:
            for thread in threads:
                thread.start()
            for one in ended:
                one.wait()
        except KeyboardInterrupt:
            for server in list(self.started):
                server.stop()
            for thread, one in zip(threads, ended):  # what was in the making is there then, or was given up
                if thread.ident:
                    one.wait()
            raise
        if problems:
            raise problems[0]
        return servers

    def key(self, name, size):
        path = os.path.join(self.directory, name)
        with open(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600), "w", encoding="utf-8") as out:
            out.write(os.urandom(size).hex() + "\n")
        return path

    def start(self):
        options = self.options
        self.database, self.broker, self.registry = self.begin_together(PostgresServer, KafkaServer, RegistryServer)
        self.store = self.database.new_database(options.binary)
        flags = ["--store", self.store, "--privacy-suppression-key-file", self.key("suppression-key", 16),
                 "--webhooks-key-file", self.key("webhook-key", 32), "--webhooks-internal-networks", "127.0.0.0/8",
                 "--webhooks-plain-http", "--identity-gateway-peers", "127.0.0.1",
                 "--kafka-brokers", self.broker.brokers, "--kafka-registry", self.registry.url, "--kafka-consume", "on",
                 "--log-format", "json"]
        self.instances = [self.begin(lambda n=number: self.instance(n, flags)) for number in range(options.instances)]
        self.balancer = self.begin(lambda: LoadBalancer([instance.port for instance in self.instances], CALLER, options.port))

    def instance(self, number, flags):
        directory = os.path.join(self.directory, f"instance-{number}")
        os.mkdir(directory)
        return Service(self.options.binary, [*flags, "--jobs-directory", directory], log=os.path.join(directory, "log"), own_group=True)

    def describe(self):
        rows = [("load balancer", self.balancer.url + "/", f"says of every request: tenant {CALLER[0]}, user {CALLER[1]}, may do everything")]
        rows += [("instance", instance.url, f"pid {instance.process.pid}, log {instance.log_path}") for instance in self.instances]
        rows += [("PostgreSQL", self.store, ""), ("Kafka", self.broker.brokers, ""), ("registry", self.registry.url, "")]
        return "\n".join(f"{name:14} {where:58} {more}".rstrip() for name, where, more in rows)

    def watch(self):
        while True:
            time.sleep(0.5)
            for instance in self.instances:
                if (code := instance.process.poll()) is not None:
                    print(f"instance {instance.url} ended with {code} and is started again", flush=True)
                    instance.start()

    def stop(self):
        for server in reversed(self.started):
            server.stop()
        shutil.rmtree(self.directory, ignore_errors=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--instances", type=int, default=2)
    parser.add_argument("--port", type=int, default=9401, help="of the load balancer; 0: any that is free")
    parser.add_argument("--binary", default=os.path.join(ROOT, "build", "customer360"))
    options = parser.parse_args()
    options.binary = os.path.abspath(options.binary)
    for told in (signal.SIGTERM, signal.SIGINT):  # which a shell has a program ignore that it starts in the background
        signal.signal(told, signal.default_int_handler)
    production = Production(options)
    try:  # from here on all is stopped, however this ends: nobody may be left to read what is printed
        print("starting PostgreSQL, Kafka, a registry, instances and a load balancer", flush=True)
        production.start()
        print(production.describe() + "\nready; Ctrl-C stops all of it", flush=True)
        production.watch()
    except (KeyboardInterrupt, BrokenPipeError):
        pass
    except (RuntimeError, Mismatch) as problem:
        print(problem, file=sys.stderr)
        return 1
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        production.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
