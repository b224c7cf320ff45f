"""What the servers that are Java programs share: their jars, a process on loopback, ready when it answers."""
import os
import shutil
import signal
import subprocess
import tempfile
import time

from servers.kept import BUILD


def jars(name):
    """The folder of one server's jars, as tools/setup.sh has laid it out."""
    folder = os.path.join(BUILD, "servers", name)
    if not os.path.isdir(folder):
        raise RuntimeError(f"{folder} is not there: tools/setup.sh all")
    return folder


class JavaServer:
    """A process with a directory of its own. memory: of its heap; level: of its compiler, 1 starts with less work and 4 goes
    faster afterwards. A subclass says how it starts and when it is ready."""

    name, patience_s = "java", 90

    def __init__(self, memory="320m", level=1):
        self.directory = tempfile.mkdtemp(prefix=f"customer360-{self.name}-")
        self.options = [f"-Xmx{memory}", "-Xms64m", "-XX:+UseSerialGC", f"-XX:TieredStopAtLevel={level}", "-Xshare:auto",
                        "-Djava.net.preferIPv4Stack=true"]
        self.process = None

    def arguments(self):
        raise NotImplementedError

    def is_ready(self):
        raise NotImplementedError

    def java(self, *arguments):
        return ["java", *self.options, *arguments]

    def start(self):
        with open(os.path.join(self.directory, "log"), "ab") as log:
            self.process = subprocess.Popen(self.java(*self.arguments()), stdout=log, stderr=log, cwd=self.directory, process_group=0)
        deadline = time.monotonic() + self.patience_s
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                break
            if self.is_ready():
                return
            time.sleep(0.1)
        self.kill()
        with open(os.path.join(self.directory, "log"), encoding="utf-8", errors="replace") as log:
            raise RuntimeError(f"{self.name} did not start:\n" + "".join(log.readlines()[-15:]))

    def kill(self):
        self.process.kill()
        self.process.wait()

    def pause(self):
        self.process.send_signal(signal.SIGSTOP)

    def go_on(self):
        self.process.send_signal(signal.SIGCONT)

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.kill()
        shutil.rmtree(self.directory, ignore_errors=True)


def serve(server, lines):
    """Starts one for a person, prints how to reach it, stops it on Ctrl-C however this ends."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        server.start()
        print("\n".join(lines), flush=True)
        signal.pause()
    except (KeyboardInterrupt, BrokenPipeError):
        pass
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        server.stop()
