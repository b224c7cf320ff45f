"""What somebody would do without the service: the same customers as rows of one table with three indexes, as durable,
and nothing else: nobody is compared, found by a typo, told of, or taken back. What the measures of creates and imports are set beside.
"""
import json
import os
import re
import sqlite3
import subprocess
import time

TABLE = ("create table customer (id text primary key, name text, email text, document text)",
         "create index customer_by_name on customer (name)", "create index customer_by_email on customer (email)")
BATCH = 1000


def sqlite_table(directory):
    path = os.path.join(directory, "plain.db")
    if os.path.exists(path):
        os.remove(path)
    store = sqlite3.connect(path, isolation_level=None)
    store.execute("pragma journal_mode = wal")
    store.execute("pragma synchronous = full")
    for statement in TABLE:
        store.execute(statement)
    return store


def sqlite_creates(directory, document, seconds):
    """Durable inserts a second, one after the other: SQLite has one writer."""
    store, count, began = sqlite_table(directory), 0, time.monotonic()
    while time.monotonic() - began < seconds:
        store.execute("insert into customer values (?, ?, ?, ?)", (f"C{count}", f"name {count}", f"{count}@plain.example", document))
        count += 1
    store.close()
    return round(count / seconds)


def sqlite_import(directory, path):
    """Rows a second of a file of JSON lines, parsed by SQLite, BATCH of them with a commit."""
    store, began, count = sqlite_table(directory), time.monotonic(), 0
    with open(path, encoding="utf-8") as lines:
        while batch := [(line,) for _, line in zip(range(BATCH), lines)]:
            store.execute("begin")
            store.executemany("insert into customer select json_extract(?1, '$.customerId'), json_extract(?1, '$.name'), "
                              "json_extract(?1, '$.emails[0]'), ?1", batch)
            store.execute("commit")
            count += len(batch)
    store.close()
    return round(count / (time.monotonic() - began))


def postgres_creates(server, document, seconds, clients):
    """Durable inserts a second of so many clients, by pgbench."""
    url = new_postgres_table(server)
    script = os.path.join(server.directory, "plain.sql")
    with open(script, "w", encoding="utf-8") as out:
        out.write("\\set a random(1, 1000000000000)\ninsert into customer values (:a::text || random()::text, 'name ' || :a, :a || '@plain.example', "
                  f"'{document}');\n")
    done = subprocess.run([os.path.join(server.bin, "pgbench"), "-n", "-M", "prepared", "-c", str(clients), "-j", "1", "-T", str(seconds),
                           "-f", script, url], check=True, capture_output=True, text=True).stdout
    return round(float(re.search(r"tps = ([\d.]+)", done).group(1)))


def postgres_import(server, path):
    """Rows a second of a file of JSON lines: COPY into a table of lines, and from there into the customers', with one commit."""
    url = new_postgres_table(server)
    began = time.monotonic()
    subprocess.run(["psql", "-qX", "-v", "ON_ERROR_STOP=1", "-d", url, "-c", "create table line (line json)",
                    "-c", f"\\copy line from '{path}' with (format csv, quote e'\\x01', delimiter e'\\x02')",
                    "-c", "insert into customer select line->>'customerId', line->>'name', line->'emails'->>0, line from line"], check=True)
    with open(path, encoding="utf-8") as lines:
        return round(sum(1 for _ in lines) / (time.monotonic() - began))


def new_postgres_table(server):
    url = server.url("postgres", "postgres")
    subprocess.run(["psql", "-qX", "-d", url, "-c", "drop database if exists plain", "-c", "create database plain"], check=True)
    url = server.url("plain", "postgres")
    subprocess.run(["psql", "-qX", "-d", url] + [part for statement in TABLE for part in ("-c", statement)], check=True)
    return url


def document_of(customer):
    return json.dumps(customer, separators=(",", ":")).replace("'", "")
