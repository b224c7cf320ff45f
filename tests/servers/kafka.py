#!/usr/bin/python3
"""A Kafka broker for tests: broker and controller in one process, on loopback, in a temporary directory.

    tests/servers/kafka.py [NAME=VALUE...]     starts one, prints its address, stops on Ctrl-C
"""
import os
import socket
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.dirname(HERE))
from servers.java import JavaServer, free_ports, jars, serve  # noqa: E402

CLUSTER = "Y3VzdG9tZXIzNjAtdGVzdA"


class KafkaServer(JavaServer):
    """settings: lines for the broker's properties. Topics are not made by being used: whoever needs one makes it."""

    name = "kafka"

    def __init__(self, settings=(), memory="320m"):
        super().__init__(memory)
        self.port, self.controller_port = free_ports(2)
        self.settings = settings
        self.properties = os.path.join(self.directory, "server.properties")
        self.options += [f"-Dlog4j2.configurationFile={self.write('log4j2.properties', LOGGING)}",
                         "-cp", os.path.join(jars("kafka"), "*")]
        self.write("server.properties", self.text())
        subprocess.run(self.java("kafka.tools.StorageTool", "format", "-t", CLUSTER, "-c", self.properties), check=True,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    @property
    def brokers(self):
        return f"127.0.0.1:{self.port}"

    def write(self, name, text):
        path = os.path.join(self.directory, name)
        with open(path, "w", encoding="utf-8") as out:
            out.write(text)
        return path

    def text(self):
        return "\n".join([
            "process.roles=broker,controller", "node.id=1",
            f"controller.quorum.voters=1@127.0.0.1:{self.controller_port}",
            f"listeners=PLAINTEXT://127.0.0.1:{self.port},CONTROLLER://127.0.0.1:{self.controller_port}",
            f"advertised.listeners=PLAINTEXT://127.0.0.1:{self.port}",
            "listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
            "controller.listener.names=CONTROLLER", "inter.broker.listener.name=PLAINTEXT",
            f"log.dirs={os.path.join(self.directory, 'data')}", "auto.create.topics.enable=false",
            "offsets.topic.replication.factor=1", "offsets.topic.num.partitions=1",
            "transaction.state.log.replication.factor=1", "transaction.state.log.min.isr=1",
            "transaction.state.log.num.partitions=1", "group.initial.rebalance.delay.ms=0",
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


LOGGING = """rootLogger.level=WARN
rootLogger.appenderRef.stdout.ref=out
appender.out.type=Console
appender.out.name=out
appender.out.layout.type=PatternLayout
appender.out.layout.pattern=%d %p %c{1} %m%n
"""


def main():
    server = KafkaServer(sys.argv[1:])
    serve(server, [f"serve with  --kafka-brokers {server.brokers}"])


if __name__ == "__main__":
    main()
