#!/usr/bin/python3
"""A PostgreSQL server for tests: of its own, on loopback, in a temporary directory, stopped by its pid.

Roles as in production: `customer360_migrator` owns the schema, `customer360_app` is what the service runs
as. Root cannot run PostgreSQL, so as root it runs under the system user `postgres`.

    tests/servers/postgres.py [SETTING...]     starts one, prints its URLs, stops on Ctrl-C
"""
import glob
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.dirname(HERE))
from servers.kept import keep, kept_folder  # noqa: E402
from servers.ports import free_port  # noqa: E402

MIGRATOR, RUNTIME = "customer360_migrator", "customer360_app"


def binaries():
    found = sorted(glob.glob("/usr/lib/postgresql/*/bin/postgres"), key=lambda p: int(p.split("/")[4]))
    if not found:
        raise RuntimeError("PostgreSQL is not installed: tools/setup.sh all")
    return os.path.dirname(found[-1])


def lives(pid):
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
            return file.read().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


class PostgresServer:
    """settings: lines for postgresql.conf. Durable (fsync on) unless a setting says otherwise."""

    def __init__(self, settings=(), of=None):
        """of: (primary, name), when it is to follow another as its standby of that name."""
        self.bin, self.port, self.count = binaries(), free_port(), 0
        self.directory = tempfile.mkdtemp(prefix="customer360-postgres-")
        self.data = os.path.join(self.directory, "data")
        self.user = pwd.getpwnam("postgres") if os.getuid() == 0 else None
        if self.user:
            os.chown(self.directory, self.user.pw_uid, self.user.pw_gid)
        self.process, self.paused = None, False
        try:
            self.make(settings, of)
        except BaseException:  # nobody gets it, who could stop it
            self.stop()
            raise

    def make(self, settings, of):
        if of:
            self.run("pg_basebackup", "-D", self.data, "--no-sync", "-c", "fast", "-R", "-d",
                     of[0].url("postgres", "postgres") + f"?application_name={of[1]}")
        else:
            self.take_cluster()
        with open(os.path.join(self.data, "postgresql.conf"), "a", encoding="utf-8") as conf:
            conf.write(f"listen_addresses='127.0.0.1'\nport={self.port}\nunix_socket_directories='{self.directory}'\n"
                       "max_connections=200\nshared_buffers=256MB\nlogging_collector=off\nautovacuum_naptime=10s\n")
            conf.write("".join(line + "\n" for line in settings))
        self.start()

    def take_cluster(self):
        """A copy of the cluster that is made once: initdb takes longer than a start."""
        kept = os.path.join(kept_folder(), f"postgresql-{self.bin.split('/')[-2]}-cluster")
        if not os.path.isdir(kept):
            self.run("initdb", "-D", self.data, "-U", "postgres", "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync")
            roles = f"CREATE ROLE {MIGRATOR} LOGIN;\nCREATE ROLE {RUNTIME} LOGIN;\n"
            self.run("postgres", "--single", "-c", "log_min_messages=fatal", "-D", self.data, "postgres", given=roles)
            keep(self.data, kept)
            return
        shutil.copytree(kept, self.data)
        if self.user:
            subprocess.run(["chown", "-R", f"{self.user.pw_uid}:{self.user.pw_gid}", self.data], check=True)

    def run(self, program, *arguments, given=""):
        subprocess.run([os.path.join(self.bin, program), *arguments], check=True, input=given, text=True, stdout=subprocess.DEVNULL,
                       **self.identity())

    def identity(self):
        return {"user": self.user.pw_uid, "group": self.user.pw_gid, "extra_groups": [], "cwd": self.directory} if self.user else {}

    def start(self):
        with open(os.path.join(self.directory, "log"), "ab") as log:
            self.process = subprocess.Popen([os.path.join(self.bin, "postgres"), "-D", self.data],
                                            stdout=log, stderr=log, process_group=0, **self.identity())
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            if subprocess.run([os.path.join(self.bin, "pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(self.port)],
                              check=False).returncode == 0:
                return
            if self.process.poll() is not None:
                break
            time.sleep(0.05)
        with open(os.path.join(self.directory, "log"), encoding="utf-8", errors="replace") as log:
            raise RuntimeError("PostgreSQL did not start:\n" + "".join(log.readlines()[-10:]))

    def standby(self, name):
        """A server that follows this one, which from now on acknowledges only what that one has."""
        server = PostgresServer(of=(self, name))
        self.sql(f"ALTER SYSTEM SET synchronous_standby_names = '{name}'")
        self.sql("SELECT pg_reload_conf()")
        deadline = time.monotonic() + 30
        while self.sql(f"SELECT sync_state FROM pg_stat_replication WHERE application_name = '{name}'") != "sync":
            if time.monotonic() > deadline:
                raise RuntimeError("the standby does not follow")
            time.sleep(0.05)
        return server

    def pause_replay(self):
        """A standby takes the log in and shows nothing of it: so far behind as one likes."""
        self.sql("SELECT pg_wal_replay_pause()")
        deadline = time.monotonic() + 60
        while self.sql("SELECT pg_get_wal_replay_pause_state()") != "paused":
            if time.monotonic() > deadline:
                raise RuntimeError("the standby does not pause")
            time.sleep(0.01)

    def resume_replay(self):
        self.sql("SELECT pg_wal_replay_resume()")

    def promote(self):
        """From a standby to a primary, that waits for nobody."""
        self.sql("SELECT pg_promote()")
        self.sql("ALTER SYSTEM RESET synchronous_standby_names")
        self.sql("SELECT pg_reload_conf()")

    def kill(self):
        """As a crash of the machine's process: SIGKILL to the server and all its backends, which are gone then."""
        self.process.send_signal(signal.SIGSTOP)  # it makes no more
        children = self.backends()
        self.process.send_signal(signal.SIGKILL)
        for child in children:
            try:
                os.kill(child, signal.SIGKILL)
            except ProcessLookupError:
                pass
        self.process.wait()
        deadline = time.monotonic() + 60
        while any(lives(child) for child in children) and time.monotonic() < deadline:
            time.sleep(0.02)

    def backends(self):
        return [int(pid) for pid in subprocess.run(["pgrep", "-P", str(self.process.pid)], check=False, capture_output=True,
                                                   text=True).stdout.split()]

    def pause(self):
        """As a machine that hangs: nothing answers, nothing is refused."""
        for pid in (self.process.pid, *self.backends()):
            os.kill(pid, signal.SIGSTOP)
        self.paused = True

    def resume(self):
        for pid in (*self.backends(), self.process.pid):
            os.kill(pid, signal.SIGCONT)
        self.paused = False

    def stop(self):
        if self.paused:
            self.kill()
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.kill()
        self.remove()

    def remove(self):
        """An initdb that was interrupted has a child that goes on writing for a moment."""
        deadline = time.monotonic() + 20
        while os.path.exists(self.directory) and time.monotonic() < deadline:
            shutil.rmtree(self.directory, ignore_errors=True)
            if os.path.exists(self.directory):
                time.sleep(0.1)

    def url(self, database, role):
        return f"postgresql://{role}@127.0.0.1:{self.port}/{database}"

    def sql(self, text, database="postgres", role="postgres"):
        """The output of psql, unaligned, tuples only. Raises with the server's message."""
        done = subprocess.run([os.path.join(self.bin, "psql"), "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1",
                               self.url(database, role), "-c", text], check=False, capture_output=True, text=True)
        if done.returncode != 0:
            raise RuntimeError(done.stderr.strip())
        return done.stdout.strip()

    def cut_connections(self):
        """Ends every connection of the service in the middle of whatever it does."""
        self.sql(f"SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE usename = '{RUNTIME}'")

    def new_database(self, binary):
        """The runtime role's URL of a fresh database with the schema in it."""
        self.count += 1
        name = f"customer360_{self.count}"
        self.sql(f"CREATE DATABASE {name} OWNER {MIGRATOR}")
        subprocess.run([binary, "migrate", "--store-migration-url", self.url(name, MIGRATOR), "--store-runtime-role", RUNTIME], check=True,
                       stdout=subprocess.DEVNULL)
        return self.url(name, RUNTIME)


def main():
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    server = PostgresServer(sys.argv[1:])
    try:  # from here on it is stopped, however this ends: nobody may be left to read what is printed
        server.sql(f"CREATE DATABASE customer360 OWNER {MIGRATOR}")
        print(f"migrate with  {server.url('customer360', MIGRATOR)}\nserve with    {server.url('customer360', RUNTIME)}", flush=True)
        signal.pause()
    except (KeyboardInterrupt, BrokenPipeError):
        pass
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        server.stop()


if __name__ == "__main__":
    main()
