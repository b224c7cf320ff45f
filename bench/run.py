#!/usr/bin/python3
"""Measures the service beside something a user would otherwise pick, in one run on one machine.

    bench/run.py lookup [--store sqlite|postgres] [--profiles 1000000] [--seconds 10] [--rounds 3]
    bench/run.py flat   [--store ...] [--sizes 10000,1000000,5000000]
    bench/run.py create [--store ...]
    bench/run.py import [--store sqlite] [--profiles 200000]
    bench/run.py upsert [--store sqlite] [--profiles 200000]
    bench/run.py search [--store ...] [--profiles 1000000] [--rate 2000]
    bench/run.py index  [--store ...] [--profiles 100000]
    bench/run.py match  [--store sqlite] [--profiles 200000]
    bench/run.py publish [--store ...] [--profiles 200000] [--newer]
    bench/run.py webhooks [--store ...] [--profiles 50000]
    bench/run.py consume [--store ...] [--profiles 20000]
    bench/run.py background [--store ...] [--profiles 20000]
    bench/run.py instances [--profiles 20000]
    bench/run.py traces [--profiles 20000]
    bench/run.py start
    bench/run.py connections [--connections 10000]
    bench/run.py overload [--store ...] [--profiles 20000]

Prints one JSON line per measurement and, last, the ratios. `lookup` alternates rounds of nginx (serving one
static file of the size of a profile) and the service, each with the same wrk script (random ids), the same
64 connections, on the same cores as its load generator; the service checks a JWT on every request. Its rounds are of two seconds, as many
as `--rounds` times `--seconds` allow, and its ratios the medians of the ratios of each round. `connections`
opens many that stay idle after one request and some that never finish theirs, and tells what one costs in memory and
what a lookup takes beside them. `overload` asks creates, and then searches, at a tenth of what the service can do, at twice that, and at half of
it, in an open loop (bench/bench_load.c: wrk waits for answers, and so never asks for too much). `search` does so at the rate of its bar. `--bases DIRECTORY` keeps the
imported embedded stores: a million are imported once for all measures.
"""
import argparse
import http.client
import json
import os
import random
import re
import resource
import shutil
import signal
import socket
import statistics
import subprocess
import tempfile
import time
import urllib.parse
import urllib.request

import history
import instances
import plain
import replicas
import traces
from tools import (API, BINARY, EVERYBODY_WAITS, HERE, ROOT, Stage, cpu_seconds, key_flags, load, lookup_arguments,
                   profile, report, resident_kib, write_profiles, wrk)
from servers.ports import free_port  # behind tools, which knows where it is
from servers.stores import serve


class Nginx:
    """One static file of the size of a profile, under every path."""

    def __init__(self, size, workers):
        self.port, self.directory = free_port(), tempfile.mkdtemp(prefix="customer360-nginx-")
        with open(os.path.join(self.directory, "profile.json"), "w", encoding="utf-8") as out:
            out.write("x" * size)
        with open(os.path.join(self.directory, "nginx.conf"), "w", encoding="utf-8") as conf:
            conf.write(f"""daemon off; worker_processes {workers}; pid {self.directory}/pid; error_log stderr crit; user root;
events {{ worker_connections 4096; }}
http {{ access_log off; sendfile on; tcp_nopush on; keepalive_requests 1000000000; keepalive_timeout 600; open_file_cache max=10;
default_type application/json;
server {{ listen 127.0.0.1:{self.port} reuseport; root {self.directory}; location / {{ rewrite ^ /profile.json break; }} }} }}""")
        self.process = subprocess.Popen(["nginx", "-c", os.path.join(self.directory, "nginx.conf"), "-p", self.directory],
                                        stderr=subprocess.DEVNULL)
        time.sleep(0.5)

    def close(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(10)
        shutil.rmtree(self.directory, ignore_errors=True)


def profile_size(service, stage):
    request = urllib.request.Request(f"http://127.0.0.1:{service.port}{API}/customers/CUST-00000007",
                                     headers={"Authorization": f"Bearer {stage.token}"})
    with urllib.request.urlopen(request) as answer:
        return len(answer.read())


def wait_for_rest(service, longest=600):
    """What an import left to do (segments of the search index that become one) is done."""
    until, before = time.monotonic() + longest, cpu_seconds(service.process.pid)
    while time.monotonic() < until:
        time.sleep(2)
        now = cpu_seconds(service.process.pid)
        if now - before < 0.1:
            return
        before = now


def look_up_all(service, stage, count, at_once=500):
    """Every profile once, so that those that have room are in the cache."""
    connection = http.client.HTTPConnection("127.0.0.1", service.port)
    for first in range(0, count, at_once):
        ids = [f"CUST-{number:08d}" for number in range(first, min(first + at_once, count))]
        connection.request("POST", f"{API}/customers/lookup", json.dumps({"ids": ids}),
                           {"Authorization": f"Bearer {stage.token}", "Content-Type": "application/json"})
        answer = connection.getresponse()
        if len(answer.read()) < 300 * len(ids) or answer.status != 200:
            raise SystemExit(f"bench: a bulk look-up answered {answer.status}")
    connection.close()


def serve_warm(options, stage, count):
    service = stage.serve(*options.flags.split())
    if options.store == "sqlite":
        wait_for_rest(service)
        look_up_all(service, stage, count)
    return service


def in_turn(servers, arguments, seconds):
    """Rounds of every server, each of two seconds, in one order and then in the other: what a machine shared with others gives changes
    by the minute, so that only what was measured side by side can be compared."""
    rounds = {name: [] for name in servers}
    for number in range(max(1, seconds // 2)):
        for name in list(servers)[::1 if number % 2 == 0 else -1]:
            server, processes = servers[name]
            rounds[name].append(replicas.one_round(server, processes, "lookup.lua", arguments, 2))
    return rounds


def lookup(options):
    stage, opened = Stage(options.store), []
    try:
        seconds, _ = stage.import_profiles(options.profiles)
        report(measure="import", profiles=options.profiles, seconds=round(seconds, 1), per_second=round(options.profiles / seconds))
        service = serve_warm(options, stage, options.profiles)
        size = profile_size(service, stage)
        opened = [Nginx(size, workers) for workers in (1, 2)]
        ours = {"service": service.process, **({"server": stage.server.process} if stage.server else {})}
        rounds = in_turn({"nginx, one worker": (opened[0], {"nginx": opened[0].process}), "customer360": (service, ours),
                          "nginx, two workers": (opened[1], {"nginx": opened[1].process})},
                         lookup_arguments(stage, options.profiles), options.seconds * options.rounds)
        service.stop()
        for name, runs in rounds.items():
            report(server=name, bytes=size, rounds=[run["per_second"] for run in runs], median_per_second=round(statistics.median(run["per_second"] for run in runs)),
                   median_cpu_us={who: round(statistics.median(run["cpu_us"][who] for run in runs), 1) for who in runs[0]["cpu_us"]})
        ratio = lambda other: round(statistics.median(mine["per_second"] / its["per_second"] for mine, its in zip(rounds["customer360"], rounds[other])), 2)  # noqa: E731
        report(measure=f"lookup {options.store}", profiles=options.profiles, ratio_to_nginx_one_worker=ratio("nginx, one worker"),
               ratio_to_nginx_two_workers=ratio("nginx, two workers"), p99_ms=round(statistics.median(run["p99_ms"] for run in rounds["customer360"]), 2),
               failed=sum(run["failed"] for run in rounds["customer360"]))
    finally:
        for nginx in opened:
            nginx.close()
        stage.close()


def flat(options):
    rates = {}
    for count in (int(size) for size in options.sizes.split(",")):
        stage = Stage(options.store)
        try:
            stage.import_profiles(count)
            service = serve_warm(options, stage, count)
            arguments = lookup_arguments(stage, count)
            runs = [wrk(service.port, "lookup.lua", arguments, options.seconds) for _ in range(options.rounds)]
            rates[count] = statistics.median(run["per_second"] for run in runs)
            report(measure="flat", store=options.store, profiles=count, median_per_second=rates[count], rounds=runs)
            service.stop()
        finally:
            stage.close()
    report(measure="flat", store=options.store, slowest_to_fastest=round(min(rates.values()) / max(rates.values()), 2))


def disk_probe(directory):
    """Commits per second that the disk alone allows: fdatasync after each 4 KiB."""
    path, count = os.path.join(directory, "probe"), 0
    handle = os.open(path, os.O_CREAT | os.O_WRONLY)
    began = time.monotonic()
    while time.monotonic() - began < 1:
        os.write(handle, b"x" * 4096)
        os.fdatasync(handle)
        count += 1
    os.close(handle)
    os.remove(path)
    return count


def create(options):
    stage = Stage(options.store)
    try:
        if options.profiles:
            stage.import_profiles(options.profiles)
        service = stage.serve(*EVERYBODY_WAITS)
        disk, runs, beside = disk_probe(stage.directory), [], []
        servers = {"service": service.process, **({"server": stage.server.process} if stage.server else {})}
        for round_number in range(options.rounds):
            beside.append(plain.postgres_creates(stage.server, plain.document_of(profile(1)), options.seconds, 64) if stage.server
                          else plain.sqlite_creates(stage.directory, plain.document_of(profile(1)), options.seconds))
            arguments = [f"{API}/customers", f"r{round_number}x{os.getpid()}", f"Authorization=Bearer {stage.token}"]
            runs.append(replicas.one_round(service, servers, "create.lua", arguments, options.seconds))
        service.stop()
        middle, plain_middle = statistics.median(run["per_second"] for run in runs), statistics.median(beside)
        report(measure=f"create {options.store}", profiles_before=options.profiles, rounds=runs, fdatasync_per_second=disk,
               median_per_second=middle, plain_rounds=beside, ratio_to_plain_inserts=round(middle / plain_middle, 2),
               median_p99_ms=statistics.median(run["p99_ms"] for run in runs), failed=sum(run["failed"] for run in runs))
    finally:
        stage.close()


def import_bench(options):
    stage = Stage(options.store)
    try:
        path = os.path.join(stage.directory, "plain.ndjson")
        write_profiles(path, options.profiles, profile)
        beside = plain.postgres_import(stage.server, path) if stage.server else plain.sqlite_import(stage.directory, path)
        seconds, size = stage.import_profiles(options.profiles)
        report(measure=f"import {options.store}", profiles=options.profiles, megabytes=round(size / 1e6), seconds=round(seconds, 1),
               per_second=round(options.profiles / seconds), plain_per_second=beside, ratio_to_plain=round(options.profiles / seconds / beside, 2))
    finally:
        stage.close()


def write_rows(path, count, segment):
    """CSV as a system exports its customers: a key and eleven columns, about 200 bytes a row."""
    with open(path, "w", encoding="utf-8") as out:
        out.write("No,Company,Mail,Phone,VAT,Street,Zip,City,Country,Web,Segment,Language\n")
        for number in range(count):
            row = profile(number)
            address = row["addresses"][0]
            out.write(f'K{number},{row["name"]},{row["emails"][0]},{row["phones"][0]},DE{number:09d},"{address["line1"]}",'
                      f'{address["postalCode"]},{address["city"]},DE,{row["website"]},{segment(number)},de\n')


def upsert(options):
    """An import by source key into an empty store, the same again, one that changes a tenth, and the undo of each."""
    stage = Stage(options.store)
    path = os.path.join(stage.directory, "rows.csv")
    shared = ["--store", stage.url, "--tenant", "bench", "--json", *key_flags(stage.url)]

    def command(*arguments):
        began = time.monotonic()
        done = subprocess.run(["/usr/bin/time", "-f", "%M", BINARY, "import", *arguments, *shared], check=True, capture_output=True, text=True)
        return json.loads(done.stdout), time.monotonic() - began, int(done.stderr.split()[-1]) // 1024

    def load(name):
        answer, seconds, resident = command(path, "--source", "erp", "--auto-map")
        report(measure=f"{name} {options.store}", rows=options.profiles, seconds=round(seconds, 1), per_second=round(options.profiles / seconds),
               peak_mib=resident, **{k: answer[k] for k in ("created", "updated", "unchanged", "duplicates", "invalid")})
        return answer["jobId"]

    def undo(name, job):
        answer, seconds, resident = command("--undo", job)
        counts = answer["progress"]
        report(measure=f"undo of {name} {options.store}", seconds=round(seconds, 1), per_second=round(counts["homes"] / seconds),
               peak_mib=resident, **{k: counts[k] for k in ("removed", "restored", "kept")})
    try:
        write_rows(path, options.profiles, lambda number: "SMB")
        report(measure="file", megabytes=round(os.path.getsize(path) / 1e6))
        first = load("import by key")
        load("the same again")
        write_rows(path, options.profiles, lambda number: "GOLD" if number % 10 == 0 else "SMB")
        second = load("a tenth changed")
        undo("the change of a tenth", second)
        undo("the import", first)
    finally:
        stage.close()


SYLLABLES = ("ka ro mi lan ber son ten dal fi gru ha jo ne per qui ras sto tu ul ver wen xa yo zim bro cla dre eg "
             "fro gal hol ing kra lu mar nor ost pla ri sch tha ur vo wis").split()


def surname(number):
    """One of 60,000 words, the first ones far more often than the last."""
    chance = random.Random(number)
    return "".join(chance.choice(SYLLABLES) for _ in range(2 + number % 3)).title()


def person(number):
    """A customer whose names are as unevenly spread as people's are."""
    chance = random.Random(number)
    word = lambda: surname(int(60000 * chance.random() ** 3))  # noqa: E731
    first, last, firm = word(), word(), word()
    site = f"{firm.lower()}{number % 9973}.example"
    return {
        "customerId": f"CUST-{number:08d}", "name": f"{firm} {word()} {chance.choice(('GmbH', 'AG', 'Ltd', 'Inc'))}",
        "kind": "ORGANIZATION", "emails": [f"info@{site}"], "phones": [f"+49 30 {number * 7919 % 100000000:08d}"],
        "website": f"https://www.{site}", "identifiers": [{"type": "VAT", "value": f"DE{number:09d}", "country": "DE"}],
        "addresses": [{"line1": f"{word()} Street {number % 300}", "city": surname(number % 700), "postalCode": f"{number % 99999:05d}",
                       "country": "DE", "kind": "BILLING"}],
        "contacts": [{"contactId": f"CONT-{number:08d}", "name": f"{first} {last}", "email": f"{first}.{last}@{site}".lower(), "role": "BILLING"}],
    }


def text_bytes(record):
    """What the index is over, in bytes: the values that can be searched."""
    contact, address = record["contacts"][0], record["addresses"][0]
    values = [record["name"], record["website"], *record["emails"], *record["phones"], record["identifiers"][0]["value"],
              address["line1"], address["city"], address["postalCode"], contact["name"], contact["email"]]
    return sum(len(value) for value in values)


def slipped(chance, word):
    """One letter replaced, left out, put in, or swapped with the next."""
    at, letter = chance.randrange(1, max(2, len(word) - 1)), chance.choice("abcdefghijklmnopqrstuvwxyz")
    return chance.choice((word[:at] + letter + word[at + 1:], word[:at] + word[at + 1:], word[:at] + letter + word[at:],
                          word[:at] + word[at:at + 2][::-1] + word[at + 2:]))


SEARCHES = {
    "name": lambda chance, who: {"q": who["name"]},
    "contact": lambda chance, who: {"name": who["contacts"][0]["name"]},
    "one typo": lambda chance, who: {"q": " ".join(slipped(chance, word) for word in who["contacts"][0]["name"].split()[:1])
                                     + " " + who["contacts"][0]["name"].split()[1]},
    "as you type": lambda chance, who: {"q": who["contacts"][0]["name"][:chance.randrange(2, 9)]},
    "phone": lambda chance, who: {"phone": "0" + who["phones"][0][4:]},
    "e-mail": lambda chance, who: {"email": who["emails"][0]},
    "name and city": lambda chance, who: {"q": who["name"].split()[0] + " " + who["addresses"][0]["city"]},
    "customers of a frequent word": lambda chance, who: {"q": "gmbh"},
}


def write_searches(path, kind, profiles, count=5000, seed=17):
    chance = random.Random(seed)
    with open(path, "w", encoding="utf-8") as out:
        for _ in range(count):
            asked = SEARCHES[kind](chance, person(chance.randrange(profiles)))
            out.write(f"{API}/customers?{urllib.parse.urlencode(asked)}&limit=10\n")


def unseen(service, stage, kind, profiles, count=1000):
    """Processor time and milliseconds of searches that nobody made before, one behind the other."""
    path, times = os.path.join(stage.directory, "unseen"), []
    write_searches(path, kind, profiles, count, seed=18)
    connection = http.client.HTTPConnection("127.0.0.1", service.port)
    before = float(counters(service)["process_cpu_seconds_total"])
    with open(path, encoding="utf-8") as targets:
        for target in targets:
            began = time.monotonic()
            connection.request("GET", target.strip(), headers={"Authorization": f"Bearer {stage.token}"})
            connection.getresponse().read()
            times.append((time.monotonic() - began) * 1000)
    connection.close()
    times.sort()
    spent = float(counters(service)["process_cpu_seconds_total"]) - before
    return {"cpu_us": round(spent / count * 1e6), "p50_ms": round(times[count // 2], 2), "p99_ms": round(times[count * 99 // 100], 2)}


def offered(service, stage, path, options):
    """At a rate that waits for nobody, as many users ask: what the bar means. With what a search costs the service."""
    before = float(counters(service)["process_cpu_seconds_total"])
    figures, late = load(service, stage.token, path, f"{options.rate}:{options.seconds}", "0:1")
    spent = float(counters(service)["process_cpu_seconds_total"]) - before
    return {"offered_per_second": options.rate, "answered_per_second": figures["per_second"], "p50_ms": figures["accepted_p50_ms"],
            "p99_ms": figures["accepted_p99_ms"], "max_ms": figures["accepted_max_ms"], "cpu_us": round(spent / max(figures["accepted"] + late["accepted"], 1) * 1e6), "late": late["accepted"],
            "failed": figures["refused"] + figures["others"]}


def index_bytes(stage):
    """Of the tables of the search index, as the database counts their pages."""
    if stage.store == "postgres":
        return int(stage.server.sql("select sum(pg_total_relation_size(c.oid)) from pg_class c where c.relname in "
                                    "('search_block', 'search_segment', 'search_new', 'search_home')", database=stage.url.rsplit("/", 1)[1]))
    import sqlite3
    with sqlite3.connect(f"{stage.directory}/customers.db") as base:
        return base.execute("select sum(pgsize) from dbstat where name like '%search%'").fetchone()[0]


def search(options):
    stage = Stage(options.store)
    try:
        seconds, _ = stage.import_profiles(options.profiles, person)
        report(measure="import", profiles=options.profiles, seconds=round(seconds, 1), per_second=round(options.profiles / seconds))
        service = stage.serve(*EVERYBODY_WAITS, *options.flags.split())
        time.sleep(options.warm)  # what is left of the import becomes few segments
        for kind in SEARCHES:
            path = os.path.join(stage.directory, "searches")
            write_searches(path, kind, options.profiles)
            arguments = [path, f"Authorization=Bearer {stage.token}"]
            wrk(service.port, "search.lua", arguments, 1)
            rate = [wrk(service.port, "search.lua", arguments, options.seconds) for _ in range(options.rounds)]
            calm = wrk(service.port, "search.lua", arguments, options.seconds, connections=2)
            at_rate = [offered(service, stage, path, options) for _ in range(options.rounds)]
            fresh = unseen(service, stage, kind, options.profiles)
            report(measure=f"search {options.store}", kind=kind, profiles=options.profiles, rounds=rate,
                   median_per_second=statistics.median(run["per_second"] for run in rate),
                   median_p99_ms=statistics.median(run["p99_ms"] for run in rate), two_at_a_time=calm, at_rate=at_rate,
                   offered_p99_ms=statistics.median(run["p99_ms"] for run in at_rate), unseen=fresh,
                   failed=sum(run["failed"] for run in rate))
        service.stop()
        report_index(stage, options)
    finally:
        stage.close()


def report_index(stage, options):
    texts = sum(text_bytes(person(number)) for number in range(0, options.profiles, 100)) * 100
    size = index_bytes(stage)
    report(measure=f"search index {options.store}", profiles=options.profiles, megabytes=round(size / 1e6, 1), text_megabytes=round(texts / 1e6, 1),
           ratio=round(size / texts, 2))


def index(options):
    """The size of the search index once it is at rest, against the text that it is over."""
    stage = Stage(options.store)
    try:
        stage.import_profiles(options.profiles, person)
        service = stage.serve()
        time.sleep(options.warm)
        service.stop()
        report_index(stage, options)
    finally:
        stage.close()


def mistyped(number):
    """A record of a customer that is there, as somebody types it anew: no identifier, no e-mail, half of them with a slip of the
    finger, every fifth of a customer that is not there."""
    chance, there = random.Random(number), profile(number)
    slip = lambda text: text[:2] + text[3:] if chance.random() < 0.5 else text  # noqa: E731
    record = {"name": slip(there["name"]), "kind": there["kind"], "website": there["website"], "addresses": there["addresses"]}
    if number % 2:
        record["phones"] = [there["phones"][0].replace("+49", "0")]
    if number % 5 == 0:
        record["name"], record["website"] = f"Somebody {chance.random()}", f"https://nobody-{chance.random()}.example"
    return record


def counters(service):
    with urllib.request.urlopen(f"http://127.0.0.1:{service.port}/metrics") as answer:
        return dict(re.findall(r"^(\w+) ([\d.]+)$", answer.read().decode(), re.M))


def match(options):
    """With the processor time of the service per request, which other programs on the machine disturb least."""
    stage = Stage(options.store)
    try:
        seconds, _ = stage.import_profiles(options.profiles)
        report(measure="import", profiles=options.profiles, seconds=round(seconds, 1), per_second=round(options.profiles / seconds))
        service = stage.serve(*EVERYBODY_WAITS)
        path, chance = os.path.join(stage.directory, "records.ndjson"), random.Random(7)
        with open(path, "w", encoding="utf-8") as out:
            for _ in range(20000):
                out.write(json.dumps(mistyped(chance.randrange(options.profiles)), separators=(",", ":")) + "\n")
        arguments = [f"{API}/customers/match", path, f"Authorization=Bearer {stage.token}"]
        wrk(service.port, "match.lua", arguments, options.warm)
        for connections in (1, 8, 64):
            before = float(counters(service)["process_cpu_seconds_total"])
            runs = [wrk(service.port, "match.lua", arguments, options.seconds, connections) for _ in range(options.rounds)]
            used = float(counters(service)["process_cpu_seconds_total"]) - before
            report(measure=f"match {options.store}", profiles=options.profiles, connections=connections, rounds=runs,
                   cpu_us=round(used * 1e6 / sum(run["per_second"] * options.seconds for run in runs)),
                   median_per_second=statistics.median(run["per_second"] for run in runs),
                   median_p99_ms=statistics.median(run["p99_ms"] for run in runs), failed=sum(run["failed"] for run in runs))
        counts = {name[len("customer360_matching_"):]: int(value) for name, value in counters(service).items()
                  if name.startswith("customer360_matching_")}
        service.stop()
        report(measure="matching", **counts)
    finally:
        stage.close()


def start(options):
    stage = Stage("sqlite")
    times, resident = [], []
    try:
        for _ in range(max(5, options.rounds)):
            began = time.monotonic()
            service = stage.serve()
            times.append((time.monotonic() - began) * 1000)
            time.sleep(1)
            with open(f"/proc/{service.process.pid}/status", encoding="utf-8") as status:
                resident.append(int(re.search(r"VmRSS:\s+(\d+)", status.read()).group(1)) / 1024)
            service.stop()
        report(measure="start", median_ms_to_ready=round(statistics.median(times)), median_idle_mib=round(statistics.median(resident), 1),
               binary_mib=round(os.path.getsize(BINARY) / 2**20, 2))
    finally:
        stage.close()


def lookup_times(port, count=2000):
    """Milliseconds of one lookup after the other on a connection: (median, 99th percentile)."""
    request = f"GET {API}/customers/CUST-0 HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()
    times = []
    with socket.create_connection(("127.0.0.1", port)) as one:
        for _ in range(count):
            began = time.monotonic()
            one.sendall(request)
            one.recv(65536)
            times.append((time.monotonic() - began) * 1000)
    times.sort()
    return round(times[count // 2], 2), round(times[count * 99 // 100], 2)


def connections(options):
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    count = min(options.connections, hard - 500)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    slow = count // 20
    service = serve(BINARY, "memory:", ["--http-connections-max", str(count + 100), "--http-idle-timeout", "120s"])
    crowd = []
    try:
        alone_ms, alone_kib = lookup_times(service.port), resident_kib(service)
        for number in range(count):
            one = socket.create_connection(("127.0.0.1", service.port))
            one.sendall(b"GET /livez HTTP/1.1\r\nHost: localhost\r\n" + (b"X-Slow: " if number < slow else b"\r\n"))
            crowd.append(one)
        for one in crowd[slow:]:
            one.recv(4096)
        for one in crowd[:slow]:
            one.sendall(b"a")
        crowd_ms, crowd_kib = lookup_times(service.port), resident_kib(service)
        report(measure="connections", idle=count - slow, slow=slow, kib_each=round((crowd_kib - alone_kib) / count, 1),
               resident_mib=round(crowd_kib / 1024), lookup_ms={"median": crowd_ms[0], "p99": crowd_ms[1]},
               lookup_alone_ms={"median": alone_ms[0], "p99": alone_ms[1]})
    finally:
        for one in crowd:
            one.close()
        service.stop()


def overload_of(kind, stage, targets, options):
    """At a tenth of the capacity, at twice it, and at half of it: what is the wait, who is refused, and for how long after."""
    quiet = stage.serve(*EVERYBODY_WAITS)
    capacity = load(quiet, stage.token, targets, f"c64:{options.seconds // 2 or 1}", f"c64:{options.seconds}")[1]["per_second"]
    quiet.stop()
    service = stage.serve()
    before = float(counters(service)["process_cpu_seconds_total"])
    calm, storm, after, end = load(service, stage.token, targets, f"{capacity * .1}:{options.seconds}", f"{capacity * 2}:{options.seconds * 2}",
                                   f"{capacity * .5}:{options.seconds}", "0:1")
    for phase, figures in (("a tenth", calm), ("twice", storm), ("half, after it", after)):
        report(measure=f"overload {kind} {options.store}", load=phase, capacity=capacity, **figures)
    report(measure=f"overload {kind} {options.store}", p99_ratio=round(storm["accepted_p99_ms"] / calm["accepted_p99_ms"], 2),
           served_share_of_capacity=round(storm["per_second"] / capacity, 2), share_refused=round(storm["refused"] / (storm["refused"] + storm["accepted"]), 2),
           ms_to_503=storm["refused_p50_ms"], ms_to_recover=after["last_refusal_ms"], cpu_seconds=round(float(counters(service)["process_cpu_seconds_total"]) - before, 1))
    service.stop()


def overload(options):
    stage = Stage(options.store)
    try:
        overload_of("create", stage, "create", options)
        stage.import_profiles(options.profiles, person)
        path = os.path.join(stage.directory, "searches")
        write_searches(path, "name", options.profiles)
        overload_of("search", stage, path, options)
    finally:
        stage.close()


def script(name, *flags):
    """A measure that is a program of its own, in the tests' environment, which has a client of Kafka: bench/NAME.py."""
    def measure(options):
        given = [part for flag in ("profiles", "rounds", *flags) for part in (f"--{flag}", str(getattr(options, flag)))]
        newer = ["--newer"] if options.newer else []
        python = os.path.join(ROOT, "build", "venv", "bin", "python3")
        subprocess.run([python, os.path.join(HERE, f"{name}.py"), "--store", options.store, *given, *newer], check=True)
    return measure


# What is measured, by what, and with how many customers when nothing is said.
MEASURES = {
    "lookup": (lookup, 1000000), "flat": (flat, 0), "create": (create, 0), "import": (import_bench, 200000), "upsert": (upsert, 200000),
    "match": (match, 200000), "search": (search, 1000000), "index": (index, 100000), "start": (start, 0), "connections": (connections, 0),
    "overload": (overload, 20000), "publish": (script("publish", "seconds"), 200000), "instances": (instances.measure, 20000),
    "consume": (script("consume"), 20000), "background": (script("background", "seconds"), 20000), "webhooks": (script("webhooks"), 50000),
    "traces": (traces.measure, 20000), "history": (history.measure, 0), "replicas": (replicas.measure, 20000),
}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("measure", choices=sorted(MEASURES))
    parser.add_argument("--newer", action="store_true", help="publish: with the librdkafka of the Python client")
    parser.add_argument("--store", choices=("sqlite", "postgres"), default="sqlite")
    parser.add_argument("--profiles", type=int)
    parser.add_argument("--sizes", default="10000,1000000,5000000")
    parser.add_argument("--seconds", type=int, default=10)
    parser.add_argument("--warm", type=int, default=20)
    parser.add_argument("--rate", type=int, default=2000, help="search: so many a second are offered, besides 64 and 2 connections that wait")
    parser.add_argument("--connections", type=int, default=10000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--bases", help="a directory where the imported embedded stores are kept for the next run")
    parser.add_argument("--flags", default="", help="more flags of serve, as one text: --flags='--http-loops 1'")
    options = parser.parse_args()
    Stage.bases = options.bases
    measure, profiles = MEASURES[options.measure]
    if options.profiles is None:
        options.profiles = profiles
    measure(options)


if __name__ == "__main__":
    main()
