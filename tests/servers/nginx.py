#!/usr/bin/python3
"""A load balancer for tests: nginx, on loopback, in a temporary directory, before instances of the service.

    tests/servers/nginx.py PORT...     starts one before those ports, prints its address, stops on Ctrl-C

It stands for the platform's gateway as well: of every request it says who asks, whatever the client said of that. So the
instances believe it by identity.gateway_peers.
"""
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.dirname(HERE))
from servers.java import serve  # noqa: E402
from servers.ports import free_port  # noqa: E402

# What is refused before it was sent goes to the next instance, whatever it is; what may have been begun, only when it may be
# done twice. An instance is tried again after a second. A connection is not kept for as long as the instances keep it
# (http.idle_timeout), or a request would be sent into one that is being closed.
CONFIGURATION = """daemon off; worker_processes 1; pid {directory}/pid; error_log {directory}/log warn; {user}
events {{ worker_connections 4096; }}
http {{
    access_log off; client_max_body_size 0; keepalive_requests 1000000;
    client_body_temp_path {directory}/body; proxy_temp_path {directory}/proxy; fastcgi_temp_path {directory}/fastcgi;
    uwsgi_temp_path {directory}/uwsgi; scgi_temp_path {directory}/scgi;
    upstream instances {{ {instances} keepalive 64; keepalive_timeout 10s; keepalive_requests 1000000; }}
    server {{
        listen 127.0.0.1:{port};
        location / {{
            proxy_pass http://instances; proxy_http_version 1.1; proxy_next_upstream error timeout;
            proxy_connect_timeout 2s; proxy_read_timeout 1h; proxy_buffering off; proxy_request_buffering off;
            proxy_set_header Host $http_host; proxy_set_header Connection "";
            {headers}
        }}
    }}
}}
"""


class LoadBalancer:
    """caller: (tenant, user, permissions) that every request is said to be of; None: what the client says goes through."""

    def __init__(self, ports, caller=None, port=None):
        self.directory = tempfile.mkdtemp(prefix="customer360-nginx-")
        self.port = port or free_port()
        names = ("X-Tenant-ID", "X-User-Id", "X-User-Permissions")
        text = CONFIGURATION.format(
            directory=self.directory, port=self.port, user="user root;" if os.getuid() == 0 else "",
            instances=" ".join(f"server 127.0.0.1:{port} max_fails=1 fail_timeout=1s;" for port in ports),
            headers=" ".join(f'proxy_set_header {name} "{value}";' for name, value in zip(names, caller or ())))
        with open(self.file("nginx.conf"), "w", encoding="utf-8") as out:
            out.write(text)
        self.process = None

    def file(self, name):
        return os.path.join(self.directory, name)

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def start(self):
        with open(self.file("stderr"), "ab") as log:
            self.process = subprocess.Popen(["nginx", "-e", self.file("log"), "-c", self.file("nginx.conf"), "-p", self.directory],
                                            stderr=log, process_group=0)
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
                return
            except OSError:
                time.sleep(0.02)
        with open(self.file("stderr"), encoding="utf-8", errors="replace") as log:
            raise RuntimeError("nginx did not start:\n" + log.read())

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        shutil.rmtree(self.directory, ignore_errors=True)


def main():
    server = LoadBalancer([int(port) for port in sys.argv[1:]])
    serve(server, [server.url])


if __name__ == "__main__":
    main()
