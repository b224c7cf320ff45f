#!/usr/bin/python3
"""How fast events are delivered to a webhook. Called by bench/run.py webhooks.

    bench/run.py webhooks [--store sqlite|postgres] [--profiles 50000] [--rounds 3]

A store with as many events as profiles; a webhook that begins at the beginning of the feed, whose receiver is nginx,
which answers 204 to anything; the time is that until all are delivered and written down. Beside it, alternating, wrk posts a
body of the same size to the same nginx over as many connections: what a loop that signs, keeps and orders nothing does.
"""
import argparse
import json
import os
import re
import subprocess
import tempfile
import time
import urllib.request

import tools
from servers.ports import free_port

CONNECTIONS, BODY = 32, 340
NGINX = """daemon off; master_process on; worker_processes 1; pid {0}/pid; error_log /dev/null; user root;
events {{ worker_connections 1024; }}
http {{ access_log off; keepalive_requests 1000000000; client_body_temp_path {0}; proxy_temp_path {0}; fastcgi_temp_path {0}; uwsgi_temp_path {0};
scgi_temp_path {0}; server {{ listen 127.0.0.1:{1}; location / {{ return 204; }} }} }}
"""


class Nginx:
    def __init__(self):
        self.port, self.directory = free_port(), tempfile.mkdtemp(prefix="customer360-nginx-")
        path = os.path.join(self.directory, "conf")
        with open(path, "w", encoding="utf-8") as out:
            out.write(NGINX.format(self.directory, self.port))
        self.process = subprocess.Popen(["nginx", "-c", path], stderr=subprocess.DEVNULL)
        time.sleep(0.5)

    def stop(self):
        self.process.terminate()
        self.process.wait()


class Api:
    def __init__(self, stage, service):
        self.token, self.port = stage.token, service.port

    def ask(self, method, path, body=None):
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{tools.API}{path}", json.dumps(body).encode() if body else None,
                                         {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}, method=method)
        with urllib.request.urlopen(request, timeout=60) as answer:
            text = answer.read()
        return json.loads(text) if text else None


def deliver(api, service, nginx, count):
    """Deliveries per second, and microseconds of processor for each."""
    cpu, began = tools.cpu_seconds(service.process.pid), time.monotonic()
    hook = api.ask("POST", "/webhooks", {"url": f"http://127.0.0.1:{nginx.port}/in", "after": 0})
    while api.ask("GET", f"/webhooks/{hook['webhookId']}")["delivery"]["delivered"] < count:
        assert time.monotonic() - began < 300, "it does not end"
        time.sleep(0.05)
    seconds = time.monotonic() - began
    used = tools.cpu_seconds(service.process.pid) - cpu
    api.ask("DELETE", f"/webhooks/{hook['webhookId']}")
    return count / seconds, used / count * 1e6


def plain(nginx):
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        script.write(f'wrk.method = "POST"\nwrk.body = string.rep("x", {BODY})\nwrk.headers["Content-Type"] = "application/json"\n')
        script.flush()
        said = subprocess.run(["wrk", "-t1", f"-c{CONNECTIONS}", "-d5s", "-s", script.name, f"http://127.0.0.1:{nginx.port}/in"], check=True,
                              capture_output=True, text=True).stdout
    return float(re.search(r"Requests/sec:\s+([\d.]+)", said).group(1))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--store", choices=("sqlite", "postgres"), default="sqlite")
    parser.add_argument("--profiles", type=int, default=50000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    stage, nginx = tools.Stage(options.store), Nginx()
    try:
        stage.import_profiles(options.profiles)
        service = stage.serve("--webhooks-internal-networks", "127.0.0.0/8", "--webhooks-plain-http", "--webhooks-concurrency", str(CONNECTIONS))
        api, ours, loop = Api(stage, service), [], []
        for _ in range(options.rounds):
            rate, cpu = deliver(api, service, nginx, options.profiles)
            ours.append(rate)
            loop.append(plain(nginx))
            tools.report(measure="webhooks", store=options.store, deliveries_per_second=round(rate), cpu_us_per_delivery=round(cpu, 1),
                         plain_loop_per_second=round(loop[-1]))
        middle = lambda rates: sorted(rates)[len(rates) // 2]  # noqa: E731
        tools.report(measure="webhooks", store=options.store, deliveries_per_second=round(middle(ours)),
                     ratio_to_plain_loop=round(middle(ours) / middle(loop), 2))
        service.stop()
    finally:
        nginx.stop()
        stage.close()


if __name__ == "__main__":
    main()
