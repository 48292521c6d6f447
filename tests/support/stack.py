"""stack - a running OpsFabric for tests: deploy/run in a private directory on a free port

Everything here is real: nginx, the programs, Postgres, the dispatcher. Tests look at the
answer, at the database and at what the console provider wrote.
"""

import contextlib
import datetime
import fcntl
import hashlib
import hmac
import itertools
import json
import os
import pathlib
import random
import shlex
import shutil
import socket
import subprocess
import tempfile
import time
import uuid
import zoneinfo

import psycopg2
import psycopg2.extras
import requests

from . import openapi

ROOT = pathlib.Path(__file__).resolve().parents[2]
# What is tested unless the caller says otherwise; deploy/run takes it from the environment.
PRESET = os.environ.setdefault("OPSFABRIC_PRESET", "asan")

# The caller's proxy knows no way to ports of this machine.
os.environ["no_proxy"] = ",".join(
    filter(None, [os.environ.get("no_proxy") or os.environ.get("NO_PROXY"), "127.0.0.1", "localhost"]))


def wait_for(condition, seconds=60, what="condition"):
    """Polls until condition() is true and returns its value. Never a bare sleep in a test. what is waited for, or a
    function that then says what is instead.

    The limit is for what never comes: a busy machine takes many times as long as a quiet one. What takes long is asked
    for ever more rarely: to ask costs something as well."""
    begun = time.monotonic()
    while True:
        value = condition()
        if value:
            return value
        waited = time.monotonic() - begun
        if waited > seconds:
            raise AssertionError(f"waited {seconds} s for {what() if callable(what) else what}")
        time.sleep(min(0.02 + waited / 20, 0.2))


def json_lines(path):
    """What stands in a file of one object a line, while somebody may be writing the last one."""
    whole = path.read_text().rpartition("\n")[0] if path.exists() else ""
    return [json.loads(line) for line in whole.split("\n") if line]


_ports = []  # what keeps them ours


def reserve_port(port):
    """What keeps that port for this process among all of these tests; OSError where it is another's."""
    ours = socket.socket(socket.AF_UNIX)
    try:
        ours.bind(f"\0opsfabric-test-port-{port}")
    except OSError:
        ours.close()
        raise
    return ours


def free_port():
    """A port that nobody has, and that no other process of these tests is given while this one lives.

    It is none of those that the kernel gives to outgoing connections: such a one may be gone before, or while, its program
    is restarted."""
    first, _ = map(int, pathlib.Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split())
    for _ in range(1000):
        port = random.randrange(10000, first) if first > 12000 else random.randrange(1024, 65536)
        with contextlib.suppress(OSError), contextlib.closing(reserve_port(port)) as ours:
            with socket.socket() as s:
                s.bind(("127.0.0.1", port))
            _ports.append(socket.socket(fileno=ours.detach()))
            return port
    raise AssertionError("no port is free")


def deploy_run(state, port, *args, timeout=600, **settings):
    env = dict(os.environ, OPSFABRIC_STATE=str(state), OPSFABRIC_PORT=str(port))
    env.update({k: str(v) for k, v in settings.items()})
    return subprocess.run(
        [ROOT / "deploy" / "run", *args], env=env,
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=timeout,
    )


def make_cluster(preset, kept):
    for old in kept.parent.glob("cluster-*"):
        shutil.rmtree(old)
    with tempfile.TemporaryDirectory(prefix="of-", dir="/tmp") as home:
        os.chmod(home, 0o711)
        port = free_port()
        for flag in ("--detach", "--stop"):
            run = deploy_run(f"{home}/first", port, flag, OPSFABRIC_PRESET=preset)
            assert run.returncode == 0, run.stdout + run.stderr
        half = kept.with_name("cluster-new")
        half.mkdir(mode=0o711)
        subprocess.run(["cp", "-a", f"{home}/first/data", f"{home}/first/postgres", half], check=True)
        half.rename(kept)


def ready_cluster(preset):
    """What a first deploy/run leaves of its database: a copy of it makes a start a second one, which takes two seconds less.

    It is kept for as long as nothing changes that it is made by. None while another process makes it, and where deploy/run
    may build other programs first."""
    if os.environ.get("OPSFABRIC_SKIP_BUILD") != "1":
        return None
    build = ROOT / "build" / preset
    made_by = hashlib.sha256(f"{os.geteuid()} {sorted(os.listdir('/usr/lib/postgresql'))}".encode())
    for path in (ROOT / "deploy" / "run", build / "bin" / "opsfabric", *sorted((ROOT / "schema").rglob("*.*"))):
        made_by.update(path.read_bytes())
    kept = build / f"cluster-{made_by.hexdigest()[:16]}"
    if kept.is_dir():
        return kept
    with open(build / "cluster.lock", "w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return None
        if not kept.is_dir():
            make_cluster(preset, kept)
    return kept


class Stack:
    """One running installation. Stack.start() makes one, Stack(state) joins one that runs."""

    def __init__(self, state):
        self.state = pathlib.Path(state)
        self.env = dict(
            line.split("=", 1)
            for line in shlex.split((self.state / "opsfabric.env").read_text(), comments=True)
            if "=" in line
        )
        self.base = self.env["APP_BASE_URL"]
        self.session = requests.Session()
        self._db = None

    @classmethod
    def start(cls, state, port=None, **settings):
        preset = settings.get("OPSFABRIC_PRESET", PRESET)
        cluster = None if os.path.exists(state) else ready_cluster(preset)
        if cluster:
            subprocess.run(["cp", "-a", cluster, state], check=True)
        run = deploy_run(state, port or free_port(), "--detach", **settings)
        assert run.returncode == 0, run.stdout + run.stderr
        return cls(state)

    def run(self, *args, check=True, timeout=300):
        """deploy/run with a flag: --stop, --restart ROUTE, --status"""
        out = deploy_run(self.state, self.base.rsplit(":", 1)[1], *args, timeout=timeout)
        if check:
            assert out.returncode == 0, out.stdout + out.stderr
        return out

    def stop(self):
        self.close()
        return self.run("--stop")

    def close(self):
        self.session.close()
        if self._db is not None:
            self._db.close()
            self._db = None

    # ---- requests -------------------------------------------------------------------

    def request(self, method, path, **kwargs):
        """A request through nginx; every answer of ours is held against docs/openapi.yaml."""
        kwargs.setdefault("timeout", 40)
        kwargs.setdefault("allow_redirects", False)
        answer = self.session.request(method, self.base + path, **kwargs)
        openapi.check(method, path, answer)
        return answer

    def post(self, path, body=None, form=None, token=None, headers=None, **kwargs):
        headers = dict(headers or {})
        if token:
            headers["Authorization"] = f"Bearer {token}"
        if form is not None:
            kwargs["data"] = form
        elif body is not None:
            kwargs["json"] = body
        return self.request("POST", path, headers=headers, **kwargs)

    def get(self, path, **kwargs):
        return self.request("GET", path, **kwargs)

    def receipt_path(self, dialect, message_id):
        """The address that a provider gets for the receipts of that message (lib/receipt.h)."""
        key = hmac.digest(bytes.fromhex(self.env["SECRETS_KEY"]), b"sign receipt", "sha256")
        mac = hmac.digest(key, str(message_id).encode(), "sha256").hex()[:32]
        return f"/api/webhook/sms-status/{dialect}/{mac}?id={message_id}"

    def cron(self, path):
        return self.post(path, token=self.env["CRON_SECRET"])

    # ---- database, as superuser: what really is there ---------------------------------

    def connect(self):
        db = psycopg2.connect(host=str(self.state / "postgres"), dbname="opsfabric", user="postgres")
        db.autocommit = True
        psycopg2.extras.register_uuid(conn_or_curs=db)
        return db

    def sql(self, query, *args):
        """Rows as dictionaries; [] for a statement without any."""
        for attempt in (1, 2):
            try:
                if self._db is None or self._db.closed:
                    self._db = self.connect()
                with self._db.cursor(cursor_factory=psycopg2.extras.RealDictCursor) as cursor:
                    cursor.execute(query, args or None)
                    return [dict(r) for r in cursor.fetchall()] if cursor.description else []
            except (psycopg2.DatabaseError, psycopg2.InterfaceError):
                self._db = None
                if attempt == 2:
                    raise

    def one(self, query, *args):
        rows = self.sql(query, *args)
        assert len(rows) == 1, rows
        return rows[0]

    # ---- the operator's command ---------------------------------------------------------

    def command(self, *args, check=True, stdin=None, timeout=120):
        out = subprocess.run(
            [self.state / "bin" / "opsfabric", *args],
            input=stdin, capture_output=True, text=True, timeout=timeout,
        )
        if check:
            assert out.returncode == 0, (args, out.stdout, out.stderr)
        return out

    def clock(self, instant=None):
        """Moves the clock of all programs to an RFC 3339 instant, or back.

        As opsfabric clock does it, without a process: tests do it some four hundred times."""
        file = self.state / "clock"
        if instant is None:
            file.unlink(missing_ok=True)
            return
        ahead = datetime.datetime.fromisoformat(instant).timestamp() - time.time()
        new = self.state / "clock.new"
        new.write_text(f"{round(ahead * 1e6)}\n")
        new.rename(file)

    def now(self):
        """The programs' clock, in seconds since 1970."""
        offset = self.state / "clock"
        return int(time.time() + (int(offset.read_text()) / 1e6 if offset.exists() else 0))

    # ---- what left -------------------------------------------------------------------------

    def messages(self, to=None):
        """Lines of the console provider, oldest first."""
        return [m for m in json_lines(self.state / "log" / "messages.jsonl") if to is None or m["to"] == to]

    def wait_line(self, route, answer):
        """The line of that answer in its program's log: it is written after the answer."""
        log = self.state / "log" / f"{route}.log"

        def found():
            whole = log.read_text(errors="replace").rpartition("\n")[0]
            return [line for line in whole.split("\n") if answer.headers["X-Request-Id"] in line and " db " in line]

        (line,) = wait_for(found, what=f"the line in {log.name}")
        return line

    def wait_messages(self, to, count=1):
        return wait_for(
            lambda: (lambda m: m if len(m) >= count else None)(self.messages(to)),
            what=f"{count} message(s) to {to}",
        )

    def tenant(self, **changes):
        return Tenant(self, **changes)


def _first_number():
    """Each process that joins a stack takes the next ten thousand; one with a stack of its own meets nobody. The first ten
    thousand are for tests that make up a number themselves."""
    joined = os.environ.get("OPSFABRIC_TEST_STACK")
    if not joined:
        return 10_000
    with open(f"{joined}.numbers", "a+") as taken:
        fcntl.flock(taken, fcntl.LOCK_EX)
        taken.seek(0)
        first = (len(taken.read()) + 1) * 10_000
        taken.write("x")
    return first


_numbers = itertools.count(_first_number())


def mobile():
    """A Swiss mobile number that nobody else in this run uses."""
    return f"+4179{2_000_000 + next(_numbers) % 5_000_000}"


def landline():
    return f"+4144{2_000_000 + next(_numbers) % 5_000_000}"


def noon_zone():
    """A time zone in which it is about noon: there the day does not end in the middle of a long test."""
    ahead = 12 - datetime.datetime.now(datetime.timezone.utc).hour
    return f"Etc/GMT{-ahead:+d}" if ahead else "Etc/GMT"


def to_midnight():
    """Seconds until the day ends in the zone of most firms."""
    now = datetime.datetime.now(zoneinfo.ZoneInfo("Europe/Zurich"))
    return 86400 - (now.hour * 3600 + now.minute * 60 + now.second)


class Tenant:
    """A firm of its own for one test, made with the operator's command."""

    def __init__(self, stack, **changes):
        self.stack = stack
        self.slug = changes.pop("slug", "t-" + uuid.uuid4().hex[:12])
        self.phone = changes.pop("phone", landline())
        self.sms_number = changes.pop("sms_number", mobile())
        document = {
            "slug": self.slug,
            "name": "Muster Haustechnik AG",
            "phone": self.phone,
            "sms_number": self.sms_number,
            "google_review_link": "https://g.page/r/CmusterEBM/review",
            # no quiet hours, so that what a test says does not depend on when it runs
            "quiet_hours_start": "00:00",
            "quiet_hours_end": "00:00",
            "config": {"language": "de", "languages": ["de", "fr", "it", "en"]},
        }
        document.update(changes)
        stack.command("tenant", "add", "--file", "-", stdin=json.dumps(document))
        self.id = stack.one("select id from customers where slug = %s", self.slug)["id"]
        self._token = None

    @property
    def token(self):
        if self._token is None:
            out = self.stack.command("token", "create", self.slug, "--json")
            self._token = json.loads(out.stdout)["token"]
        return self._token

    def ticket(self, phone=None, token=None, headers=None, **fields):
        body = {"customer_slug": self.slug, "contact_phone": phone or mobile()}
        body.update(fields)
        body = {k: v for k, v in body.items() if v is not None}
        return self.stack.post("/api/ticket", body, token=token, headers=headers)

    def form_token(self, age=60, slug=None):
        """What the firm's form carries that was shown so many seconds ago: docs/routes/ticket.md"""
        shown = str(self.stack.now() - age)
        key = hmac.digest(bytes.fromhex(self.stack.env["SECRETS_KEY"]), b"sign form", "sha256")
        return f"{shown}.{hmac.digest(key, f'{slug or self.slug} {shown}'.encode(), 'sha256')[:16].hex()}"

    def missed_call(self, caller, **fields):
        body = {"From": caller, "To": self.phone, "CallStatus": "no-answer", "CallSid": uuid.uuid4().hex}
        body.update(fields)
        return self.stack.post("/api/webhook/missed-call", {k: v for k, v in body.items() if v is not None})

    def text(self, sender, body, **fields):
        message = {"From": sender, "To": self.sms_number, "Body": body, "MessageSid": uuid.uuid4().hex}
        message.update(fields)
        return self.stack.post("/api/webhook/sms-reply", message)

    def move(self, ticket_id, status, **fields):
        return self.stack.post(
            "/api/ticket/status", {"ticket_id": str(ticket_id), "status": status, **fields}, token=self.token
        )

    def tickets(self, phone=None):
        return self.stack.sql(
            "select * from tickets where customer_id = %s and (%s::text is null or contact_phone = %s) order by number",
            self.id, phone, phone,
        )

    def events(self, ticket_id):
        return self.stack.sql("select * from ticket_events where ticket_id = %s order by seq", str(ticket_id))

    def outbound(self, phone=None):
        return self.stack.sql(
            "select * from sms_log where customer_id = %s and direction = 'outbound'"
            " and (%s::text is null or to_number = %s) order by created_at, id",
            self.id, phone, phone,
        )
