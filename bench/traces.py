"""`bench/run.py traces`: what traces cost a look-up: off, on without recording any, and each recorded.

Three services over copies of one embedded store, asked in turn by the same wrk script. The collector is nginx, which reads what
comes and says 200. Told is the processor time of the service per look-up, which a busy machine disturbs less than rates.
"""
import os
import shutil
import signal
import statistics
import subprocess
import tempfile
import time
import urllib.request

import tools
from servers.ports import free_port


class Sink:
    def __init__(self, port):
        self.port, self.directory = port, tempfile.mkdtemp(prefix="customer360-sink-")
        with open(os.path.join(self.directory, "nginx.conf"), "w", encoding="utf-8") as conf:
            conf.write(f"""daemon off; worker_processes 1; pid {self.directory}/pid; error_log stderr crit; user root;
events {{ worker_connections 256; }}
http {{ access_log off; keepalive_requests 1000000000; client_max_body_size 16m; client_body_buffer_size 4m; default_type application/json;
server {{ listen 127.0.0.1:{port}; location / {{ return 200 "{{}}"; }} }} }}""")
        self.process = subprocess.Popen(["nginx", "-c", os.path.join(self.directory, "nginx.conf"), "-p", self.directory], stderr=subprocess.DEVNULL)
        time.sleep(0.5)

    def close(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(10)
        shutil.rmtree(self.directory, ignore_errors=True)


def look_up(service, arguments, seconds):
    began = tools.cpu_seconds(service.process.pid)
    run = tools.wrk(service.port, "lookup.lua", arguments, seconds)
    return {**run, "cpu_us": round((tools.cpu_seconds(service.process.pid) - began) * 1e6 / (run["per_second"] * seconds), 2)}


def spans(service):
    with urllib.request.urlopen(f"http://127.0.0.1:{service.port}/metrics") as answer:
        return {line.split('"')[1]: int(line.rsplit(" ", 1)[1]) for line in answer.read().decode().splitlines()
                if line.startswith("customer360_trace_spans_total")}


def measure(options):
    stage, sink, services = tools.Stage("sqlite"), Sink(free_port()), {}
    endpoint = f"http://127.0.0.1:{sink.port}/v1/traces"
    flags = {"off": [], "none_recorded": ["--traces-endpoint", endpoint, "--traces-sample-ratio", "0"],
             "one_of_ten": ["--traces-endpoint", endpoint, "--traces-sample-ratio", "0.1"],
             "all_recorded": ["--traces-endpoint", endpoint, "--traces-sample-ratio", "1"]}
    try:
        stage.import_profiles(options.profiles)
        source = stage.url
        for name, more in flags.items():
            stage.url = f"sqlite:{stage.directory}/{name}.db"
            for ending in ("", "-wal", "-shm", ".suppression-key", ".webhook-key"):
                if os.path.exists(source.removeprefix("sqlite:") + ending):
                    shutil.copy(source.removeprefix("sqlite:") + ending, f"{stage.directory}/{name}.db{ending}")
            services[name] = stage.serve(*tools.EVERYBODY_WAITS, *more)
        arguments = tools.lookup_arguments(stage, options.profiles)
        runs = {name: [] for name in services}
        for number in range(options.rounds + 1):  # the first warms up
            for name, service in services.items():
                run = look_up(service, arguments, options.seconds)
                if number > 0:
                    runs[name].append(run)
        off = statistics.median(run["cpu_us"] for run in runs["off"])
        for name, rounds in runs.items():
            cpu = statistics.median(run["cpu_us"] for run in rounds)
            tools.report(measure=f"traces {name}", rounds=rounds, cpu_us_per_lookup=cpu, ratio_to_off=round(cpu / off, 3),
                         per_second=statistics.median(run["per_second"] for run in rounds), p99_ms=statistics.median(run["p99_ms"] for run in rounds),
                         spans=spans(services[name]))
    finally:
        for service in services.values():
            service.stop()
        sink.close()
        stage.close()
