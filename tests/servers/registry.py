#!/usr/bin/python3
"""A schema registry for tests, in memory, on loopback: Apicurio Registry by its Confluent-compatible API.

    tests/servers/registry.py     starts one, prints its address, stops on Ctrl-C
"""
import glob
import json
import os
import sys
import urllib.error
import urllib.request

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.dirname(HERE))
from servers.java import JavaServer, jars, serve  # noqa: E402
from servers.ports import free_port  # noqa: E402


class RegistryServer(JavaServer):
    """port: of a registry that was there before; it has forgotten all it knew."""

    name = "registry"

    def __init__(self, memory="256m", port=None):
        super().__init__(memory)
        self.port = port or free_port()
        self.options += [f"-Dquarkus.http.port={self.port}", "-Dquarkus.http.host=127.0.0.1", "-Dquarkus.log.level=WARN",
                         "-Dquarkus.http.test-port=0"]

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}/apis/ccompat/v7"

    def arguments(self):
        return ["-jar", glob.glob(os.path.join(jars("registry"), "apicurio-registry-app-*-runner.jar"))[0]]

    def is_ready(self):
        try:
            return isinstance(self.get("/subjects"), list)
        except (OSError, ValueError):
            return False

    def get(self, path):
        with urllib.request.urlopen(self.url + path, timeout=5) as answer:
            return json.load(answer)


def main():
    server = RegistryServer()
    serve(server, [f"serve with  --kafka-registry {server.url}"])


if __name__ == "__main__":
    main()
