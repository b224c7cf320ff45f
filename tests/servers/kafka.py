#!/usr/bin/python3
"""Kafka brokers for tests: broker and controller in one process, on loopback, in a temporary directory; one, or a cluster.

    tests/servers/kafka.py [--brokers 3] [--kafka 3.9] [NAME=VALUE...]     starts them, prints their addresses, stops on Ctrl-C
"""
import argparse
import os
import shutil
import socket
import subprocess
import sys
import threading

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.dirname(HERE))
from servers.java import JavaServer, jars, serve  # noqa: E402
from servers.kept import keep  # noqa: E402
from servers.ports import free_ports  # noqa: E402

CLUSTER = "Y3VzdG9tZXIzNjAtdGVzdA"
NEWEST = "4.1"


class KafkaServer(JavaServer):
    """settings: lines for the broker's properties. Topics are not made by being used: whoever needs one makes it.
    version: 4.1 or 3.9. of: (its number, all numbers with their two ports) when it is one of a cluster."""

    name = "kafka"

    def __init__(self, settings=(), memory="320m", version=NEWEST, of=None, level=1):
        super().__init__(memory, level)
        self.jars = jars("kafka" if version == NEWEST else f"kafka-{version}")
        self.number, self.nodes = of or (1, {1: free_ports(2)})
        self.port, self.controller_port = self.nodes[self.number]
        self.settings = settings
        self.properties = os.path.join(self.directory, "server.properties")
        self.options += [f"-Dlog4j2.configurationFile={self.write('log4j2.properties', LOGGING)}",
                         "-cp", os.path.join(self.jars, "*")]
        self.write("server.properties", self.text())
        self.prepare()

    def prepare(self):
        """What a start needs and what makes it short, made once in the place of the jars: a formatted directory of this number, which
        takes as long as a start, and the classes as the virtual machine has them in memory, which spare a start half of its work."""
        formatted, classes = f"{self.jars}-formatted-{self.number}", f"{self.jars}.jsa"
        if not os.path.isdir(formatted):
            self.run("kafka.tools.StorageTool", "format", "-t", CLUSTER, "-c", self.properties)
            keep(self.data, formatted)
        else:
            shutil.copytree(formatted, self.data, dirs_exist_ok=True)
        if not os.path.exists(classes) and len(self.nodes) == 1:
            self.make_classes(classes)
        self.options.insert(0, f"-XX:SharedArchiveFile={classes}")

    def make_classes(self, kept):
        made = os.path.join(self.directory, "classes.jsa")
        self.options.insert(0, f"-XX:ArchiveClassesAtExit={made}")
        self.start()
        self.process.terminate()
        self.process.wait()
        del self.options[0]
        shutil.rmtree(self.data)
        shutil.copytree(f"{self.jars}-formatted-{self.number}", self.data)
        keep(made, kept)

    def run(self, main, *arguments):
        subprocess.run(self.java(main, *arguments), check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    @property
    def data(self):
        return os.path.join(self.directory, "data")

    @property
    def brokers(self):
        return f"127.0.0.1:{self.port}"

    def write(self, name, text):
        path = os.path.join(self.directory, name)
        with open(path, "w", encoding="utf-8") as out:
            out.write(text)
        return path

    def text(self):
        voters = ",".join(f"{number}@127.0.0.1:{ports[1]}" for number, ports in self.nodes.items())
        copies, enough = (3, 2) if len(self.nodes) >= 3 else (1, 1)
        return "\n".join([
            "process.roles=broker,controller", f"node.id={self.number}", f"controller.quorum.voters={voters}",
            f"listeners=PLAINTEXT://127.0.0.1:{self.port},CONTROLLER://127.0.0.1:{self.controller_port}",
            f"advertised.listeners=PLAINTEXT://127.0.0.1:{self.port}",
            "listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
            "controller.listener.names=CONTROLLER", "inter.broker.listener.name=PLAINTEXT",
            f"log.dirs={self.data}", "auto.create.topics.enable=false",
            f"default.replication.factor={copies}", f"min.insync.replicas={enough}",
            f"offsets.topic.replication.factor={copies}", "offsets.topic.num.partitions=1",
            f"transaction.state.log.replication.factor={copies}", f"transaction.state.log.min.isr={enough}",
            "transaction.state.log.num.partitions=1", "group.initial.rebalance.delay.ms=0",
            # One that was killed may come back when its session is over.
            "broker.session.timeout.ms=3000", "broker.heartbeat.interval.ms=500",
            "num.network.threads=2", "num.io.threads=4", *self.settings, ""])

    def arguments(self):
        return ["kafka.Kafka", self.properties]

    def is_ready(self):
        """It listens once it has registered with its controller."""
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1):
                return True
        except OSError:
            return False

    def tool(self, main, *arguments, timeout=60):
        """What a program among the jars prints: org.apache.kafka.tools.TopicCommand, ..."""
        return subprocess.run(self.java(main, *arguments), check=True, capture_output=True, text=True, timeout=timeout).stdout


class KafkaCluster:
    """Several brokers, as one that may lose one of them; of three, topics have three copies, two of which must be there."""

    patience_s = 300  # three that start at once, on two processors that have other work

    def __init__(self, count=3, settings=(), memory="256m", version=NEWEST):
        KafkaServer(version=version).stop()  # makes what is made once
        ports = free_ports(2 * count)
        nodes = {number: ports[2 * number - 2:2 * number] for number in range(1, count + 1)}
        self.servers = [KafkaServer(settings, memory, version, (number, nodes)) for number in nodes]
        for server in self.servers:
            server.patience_s = self.patience_s

    @property
    def brokers(self):
        return ",".join(server.brokers for server in self.servers)

    def start(self):
        """Together: none is ready before there is a majority of controllers."""
        problems = []

        def begin(server):
            try:
                server.start()
            except RuntimeError as problem:
                problems.append(problem)
        threads = [threading.Thread(target=begin, args=(server,)) for server in self.servers]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if problems:
            self.kill()
            raise problems[0]

    def kill(self):
        for server in self.servers:
            server.kill()

    def pause(self):
        for server in self.servers:
            server.pause()

    def go_on(self):
        for server in self.servers:
            server.go_on()

    def stop(self):
        """Killed: a last one would look for the others, in vain, before it ended."""
        for server in self.servers:
            if server.process and server.process.poll() is None:
                server.go_on()
                server.kill()
            server.stop()


LOGGING = """rootLogger.level=WARN
rootLogger.appenderRef.stdout.ref=out
appender.out.type=Console
appender.out.name=out
appender.out.layout.type=PatternLayout
appender.out.layout.pattern=%d %p %c{1} %m%n
"""


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--brokers", type=int, default=1)
    parser.add_argument("--kafka", default=NEWEST, help="3.9 wants tools/servers.sh 3.9")
    parser.add_argument("settings", nargs="*", metavar="NAME=VALUE")
    options = parser.parse_args()
    if options.brokers > 1:
        server = KafkaCluster(options.brokers, options.settings, version=options.kafka)
    else:
        server = KafkaServer(options.settings, version=options.kafka)
    serve(server, [f"serve with  --kafka-brokers {server.brokers}"])


if __name__ == "__main__":
    main()
