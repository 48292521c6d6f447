"""outbox - dispatchers started directly on a Postgres of their own, and a provider that misbehaves on request

What the provider accepted (provider_simulator.py) is a file that no dispatcher knows; check_truth() holds the rows against it.
A test file that imports the fixtures cluster, outbox and wire has a Postgres of its own.
"""

import collections
import contextlib
import os
import pathlib
import select
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import uuid

import psycopg2
import psycopg2.extras
import pytest

from .provider import Provider, settings
from .stack import PRESET, ROOT, wait_for

PROGRAMS = pathlib.Path(os.environ.get("OPSFABRIC_PROGRAMS", ROOT / "build" / PRESET))
TENANT = "00000000-0000-7000-8000-0000000000d1"
SLUG = "muster-ag"
TICKET = "00000000-0000-7000-8000-0000000000d2"
TO = "+41791234567"


def postgres_bin():
    return sorted(pathlib.Path("/usr/lib/postgresql").iterdir(), key=lambda p: int(p.name))[-1] / "bin"


class Cluster:
    """A private Postgres with our schema and one firm. Runs as postgres where we are root."""

    def __init__(self, home):
        self.home = home
        self.data = home / "data"
        self.sockets = home / "postgres"
        self.user = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"] if os.geteuid() == 0 else []
        self.process = None
        self.db = None
        for path in (self.data, self.sockets):
            path.mkdir()
            if self.user:
                shutil.chown(path, "postgres", "postgres")
        self.run(postgres_bin() / "initdb", "-D", self.data, "-U", "postgres", "-A", "trust", "-E", "UTF8",
                 "--locale=C.UTF-8")
        self.start()
        self.psql("postgres", "-c", "create database opsfabric")
        self.psql("opsfabric", "-f", ROOT / "schema" / "roles.sql")
        subprocess.run([PROGRAMS / "bin" / "opsfabric", "migrate"], check=True, capture_output=True,
                       env=dict(os.environ, DATABASE_OWNER_URL=self.url("opsfabric_owner"), OPSFABRIC_STATE=str(home)))
        self.sql("insert into customers (id, name, slug, phone, sms_number, daily_segments)"
                 " values (%s, 'Muster AG', %s, '+41434435200', '+41790000001', 1000000000)", TENANT, SLUG)
        self.sql("insert into tickets (id, customer_id, number, source, status, urgency, created_at, updated_at)"
                 " values (%s, %s, 1, 'manual', 'NEW', 'MED', now(), now())", TICKET, TENANT)

    def run(self, *command):
        subprocess.run([*self.user, *map(str, command)], check=True, capture_output=True, cwd="/")

    def psql(self, database, *args):
        subprocess.run(["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-h", str(self.sockets), "-U", "postgres",
                        "-d", database, *map(str, args)], check=True, capture_output=True)

    def url(self, role):
        return f"postgresql://{role}@/opsfabric?host={self.sockets}"

    def start(self):
        self.process = subprocess.Popen(
            [*self.user, postgres_bin() / "postgres", "-D", self.data, "-c", "listen_addresses=", "-k", self.sockets],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd="/")
        wait_for(self.answers, 60, "Postgres")

    def answers(self):
        try:
            psycopg2.connect(host=str(self.sockets), dbname="postgres", user="postgres").close()
            return True
        except psycopg2.OperationalError:
            return False

    def stop(self):
        self.process.send_signal(signal.SIGINT)
        self.process.wait(180)

    def sql(self, query, *args):
        # Nothing is said on one that waits, but that it has ended.
        if self.db is None or self.db.closed or select.select([self.db], [], [], 0)[0]:
            self.db = psycopg2.connect(host=str(self.sockets), dbname="opsfabric", user="postgres")
            self.db.autocommit = True
        with self.db.cursor(cursor_factory=psycopg2.extras.RealDictCursor) as cursor:
            cursor.execute(query, args or None)
            return [dict(row) for row in cursor.fetchall()] if cursor.description else []


class LossyWire:
    """A wire to Postgres that loses the answer to a statement, after its commit, as often as it is told."""

    def __init__(self, cluster, home):
        self.host = home / "wire"
        self.host.mkdir()
        self.there = str(cluster.sockets / ".s.PGSQL.5432")
        self.lose = {}          # name of a statement -> how often
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(str(self.host / ".s.PGSQL.5432"))
        self.listener.listen()
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            server = socket.socket(socket.AF_UNIX)
            server.connect(self.there)
            losing = threading.Event()
            threading.Thread(target=self.forth, args=(client, server, losing), daemon=True).start()
            threading.Thread(target=self.back, args=(client, server, losing), daemon=True).start()

    def forth(self, client, server, losing):
        with contextlib.suppress(OSError):
            while data := client.recv(1 << 20):
                for name, left in self.lose.items():
                    # of a Bind: the portal without a name, then the statement's
                    if left > 0 and b"\0" + name.encode() + b"\0" in data:
                        self.lose[name] -= 1
                        losing.set()
                server.sendall(data)
        self.cut(client, server)

    def back(self, client, server, losing):
        with contextlib.suppress(OSError):
            while data := server.recv(1 << 20):
                if losing.is_set():
                    if data.endswith(b"Z\0\0\0\5I"):        # committed, and ready for more
                        break
                else:
                    client.sendall(data)
        self.cut(client, server)

    @staticmethod
    def cut(*sockets):
        for s in sockets:
            with contextlib.suppress(OSError):
                s.shutdown(socket.SHUT_RDWR)

    def close(self):
        self.listener.close()
        shutil.rmtree(self.host)


class Outbox:
    """What a test works with: queues rows, starts dispatchers and providers, ends them all."""

    def __init__(self, cluster, home):
        self.cluster = cluster
        self.sql = cluster.sql
        self.home = home
        self.children = []
        self.providers = []
        self.log = home / f"dispatcher-{uuid.uuid4().hex}.log"
        for name in ("run", "log"):
            shutil.rmtree(home / name, ignore_errors=True)
            (home / name).mkdir()
        # What a killed dispatcher had begun there goes on without it, and takes the tables in another order.
        wait_for(
            lambda: not self.sql("select 1 as one from pg_stat_activity where usename = 'opsfabric_service' and state = 'active'"),
            what="the statements of the last round")
        self.sql("truncate sms_log, ticket_events, segment_usage, secrets cascade")

    def provider(self, *options, port=None):
        self.providers.append(Provider(self.home, *options, port=port))
        return self.providers[-1]

    def environment(self, port, **changes):
        env = {name: os.environ[name] for name in os.environ if name.endswith("SAN_OPTIONS") or name == "PATH"}
        env.update(DATABASE_SERVICE_URL=self.cluster.url("opsfabric_service"), OPSFABRIC_STATE=str(self.home))
        if port is not None:
            env.update(settings(port), SMS_PROVIDER="ecall")
        env.update(changes)
        return env

    def dispatcher(self, port=None, **changes):
        """With the simulator on port as every provider, or with the console alone."""
        with self.log.open("ab") as log:
            child = subprocess.Popen([PROGRAMS / "bin" / "dispatcher"], env=self.environment(port, **changes),
                                     stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        self.children.append(child)
        return child

    def command(self, *args, stdin="", **env):
        """opsfabric; what it says."""
        out = subprocess.run([PROGRAMS / "bin" / "opsfabric", *args], env=self.environment(None, **env), input=stdin,
                             capture_output=True, text=True)
        assert out.returncode == 0, (args, out.stdout, out.stderr)
        return out.stdout

    def queue(self, count=1, text="Guten Tag", provider="ecall", after="0 s", lives="1 h", start=None):
        """count rows; each says its id in its text."""
        ids = [str(uuid.uuid4()) for _ in range(count)]
        self.sql("""
            insert into sms_log (id, customer_id, ticket_id, direction, template, from_number, to_number, body, segments,
                                 status, provider, not_before, expires_at, status_at, created_at)
            select id, %s, %s, 'outbound', 'confirmation', '+41790000001', %s, %s || ' [ref:' || id || ']', 1,
                   'queued', %s, t + %s::interval, t + %s::interval, t, t
            from unnest(%s::uuid[]) id, coalesce(%s::timestamptz, clock_timestamp()) t""",
                 TENANT, TICKET, TO, text, provider, after, lives, ids, start)
        return ids

    def rows(self, ids=None):
        rows = self.sql("select *, id::text as id from sms_log where %s::uuid[] is null or id = any (%s::uuid[])", ids, ids)
        return {row["id"]: row for row in rows}

    def row(self, row_id):
        return self.rows([row_id])[row_id]

    def wait_status(self, ids, *wanted, seconds=120):
        try:
            wait_for(lambda: all(row["status"] in wanted for row in self.rows(ids).values()), seconds)
        except AssertionError:
            pytest.fail(f"not {wanted}: {collections.Counter(r['status'] for r in self.rows(ids).values())}")
        return self.rows(ids)

    def wake(self):
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as s:
            s.sendto(b"", str(self.home / "run" / "dispatcher.sock"))

    def said(self, words):
        return words in self.log.read_text()

    def move_clock(self, hours):
        """As opsfabric clock set does it: a new file is renamed into place."""
        new = self.home / "clock.new"
        new.write_text(f"{hours * 3600 * 10**6}\n")
        new.rename(self.home / "clock")

    def end(self):
        """Everybody stops politely; a sanitizer that spoke fails the test."""
        (self.home / "clock").unlink(missing_ok=True)
        for child in self.children:
            if child.poll() is None:
                child.terminate()
        for provider in self.providers:
            provider.release()
        for child in self.children:
            child.wait(180)
        for provider in self.providers:
            provider.stop()
        text = self.log.read_text() if self.log.exists() else ""
        for bad in ("ERROR: AddressSanitizer", "ERROR: LeakSanitizer", "runtime error:", "Assertion", "arena: "):
            assert bad not in text, text[max(0, text.index(bad) - 2000):][:6000]


@pytest.fixture(scope="module")
def cluster():
    home = pathlib.Path(tempfile.mkdtemp(prefix="of-"))
    home.chmod(0o755)
    made = Cluster(home)
    yield made
    made.stop()
    shutil.rmtree(home, ignore_errors=True)


@pytest.fixture
def wire(cluster):
    made = LossyWire(cluster, cluster.home)
    yield made
    made.close()


@pytest.fixture
def outbox(cluster):
    made = Outbox(cluster, cluster.home)
    yield made
    made.end()


def check_truth(outbox, provider, ids):
    """Accepted at most once; sent means once, failed and expired mean never; nothing else is left."""
    accepted = provider.accepted()
    counts = collections.Counter()
    for row in outbox.rows(ids).values():
        took = accepted.get(row["id"], [])
        counts[row["status"]] += 1
        assert len(took) <= 1, (row, took)
        assert row["status"] in ("sent", "failed", "unknown", "expired"), row
        if row["status"] == "sent":
            assert len(took) == 1, row
        if row["status"] in ("failed", "expired"):
            assert took == [], (row, took)
        if row["provider_id"] is not None:
            assert row["provider_id"] == took[0]["message_id"], (row, took)
        assert row["claimed_by"] is None and row["claimed_until"] is None, row
    return counts
