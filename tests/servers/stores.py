"""Stores for instances of the service, each of its own kind: in memory, SQLite, PostgreSQL."""
import os
import shutil
import tempfile

from servers.postgres import PostgresServer
from servers.service import Service


def key_flags(store_url):
    """Programs over one PostgreSQL database need one key of each kind."""
    if not store_url.startswith("postgresql:"):
        return []
    flags = []
    for name, digits in (("privacy-suppression-key-file", 32), ("webhooks-key-file", 64)):
        path = os.path.join(tempfile.gettempdir(), f"customer360-{name}-{os.getpid()}")
        with open(os.open(path, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "w", encoding="utf-8") as out:
            out.write(f"{'0123456789abcdef' * 4}"[:digits] + "\n")
        flags += [f"--{name}", path]
    return flags


def serve(binary, store_url, flags=(), dev=True, environment=None):
    """An instance on a store, with the keys that it needs."""
    return Service(binary, ["--store", store_url, *(["--dev"] if dev else []), *key_flags(store_url), *flags], environment=environment)


class Stores:
    """Gives each instance a store: a fresh directory, a fresh database, or memory."""

    def __init__(self, kind, binary):
        self.kind, self.binary, self.count = kind, binary, 0
        self.directory = tempfile.mkdtemp(prefix="customer360-scenario-")
        self.server = PostgresServer() if kind == "postgres" else None

    def new(self):
        self.count += 1
        if self.kind == "memory":
            return "memory:"
        if self.kind == "sqlite":
            return f"sqlite:{self.directory}/{self.count}.db"
        return self.server.new_database(self.binary)

    def close(self):
        if self.server:
            self.server.stop()
        shutil.rmtree(self.directory, ignore_errors=True)
