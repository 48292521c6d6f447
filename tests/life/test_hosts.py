"""More than one machine: handlers and dispatchers of two hosts on one Postgres; two Postgres, of which the second takes over

Each host is a stack of its own. Programs are never restarted here: what they need to find another
Postgres they do themselves.
"""

import concurrent.futures
import contextlib
import os
import pathlib
import shutil
import subprocess
import tempfile
import uuid

import psycopg2
import pytest

from tests.support.campaign import OUTAGES
from tests.support.processes import Processes
from tests.support.stack import Stack, mobile, wait_for

PARALLEL = 8


def address(role, *hosts, **options):
    """Of a database in these socket directories."""
    options = {"host": ",".join(map(str, hosts)), **options}
    return f"postgresql://{role}@/opsfabric?" + "&".join(f"{key}={value}" for key, value in options.items())


# ---- two hosts, one Postgres ---------------------------------------------------------------------


@pytest.fixture(scope="module")
def two(private_dir):
    """The second host has its handlers, its dispatcher and its nginx; the secrets and Postgres are the first one's."""
    first = Stack.start(private_dir / "one", OPSFABRIC_WORKERS=1)
    try:
        second = Stack.start(
            private_dir / "two", OPSFABRIC_WORKERS=1, **{name: first.env[name] for name in (
                "DATABASE_URL", "DATABASE_SERVICE_URL", "CRON_SECRET", "SECRETS_KEY")})
        try:
            yield first, second
        finally:
            second.stop()
    finally:
        first.stop()


def test_a_request_is_the_same_on_every_host(two):
    """An event that comes again on another host gets the answer of the first one, byte for byte."""
    first, second = two
    firm = first.tenant()
    phone = mobile()
    body = {"customer_slug": firm.slug, "contact_phone": phone, "summary": "Der Boiler tropft."}
    key = {"Idempotency-Key": uuid.uuid4().hex}
    one = first.post("/api/ticket", body, headers=key)
    two_ = second.post("/api/ticket", body, headers=key)
    assert one.status_code == 201 and (two_.status_code, two_.content) == (201, one.content)
    # Another request of the same contact joins the ticket, wherever it comes.
    joined = second.post("/api/ticket", body)
    assert joined.status_code == 200 and joined.json()["ticket_id"] == one.json()["ticket_id"]
    assert len(firm.tickets(phone)) == 1


def test_the_same_at_one_moment_on_both_hosts_is_one(two):
    first, second = two
    firm = first.tenant()
    phone = mobile()
    body = {"From": phone, "To": firm.phone, "CallStatus": "no-answer", "CallSid": uuid.uuid4().hex}
    with concurrent.futures.ThreadPoolExecutor(2 * PARALLEL) as pool:
        answers = list(pool.map(
            lambda n: [host.post("/api/webhook/missed-call", body) for host in (two if n % 2 else two[::-1])],
            range(PARALLEL)))
    texts = {(answer.status_code, answer.content) for pair in answers for answer in pair}
    assert len(texts) == 1 and texts.pop()[0] == 200
    assert len(firm.tickets(phone)) == 1
    wait_for(lambda: first.messages(phone) + second.messages(phone), what="the text to the caller")
    assert len(firm.outbound(phone)) == 1


def test_dispatchers_of_two_hosts_send_everything_once(two):
    first, second = two
    firm = first.tenant(daily_segments=1000000)
    phones = [mobile() for _ in range(60)]
    with concurrent.futures.ThreadPoolExecutor(PARALLEL) as pool:
        answers = pool.map(
            lambda n: two[n % 2].post("/api/ticket", {"customer_slug": firm.slug, "contact_phone": phones[n]}).status_code,
            range(len(phones)))
        assert set(answers) == {201}

    def left():
        return [m["to"] for host in two for m in host.messages() if m["to"] in phones]

    wait_for(lambda: all(m["status"] == "sent" for m in firm.outbound()), what="all to be sent")
    assert sorted(left()) == sorted(phones)
    # Who reports that a message has arrived may do so on the host that did not send it.
    message = firm.outbound(phones[0])[0]["id"]
    path = first.receipt_path("generic", message)
    assert second.post(path.split("?")[0], {"id": str(message), "status": "delivered"}).status_code == 200
    assert firm.outbound(phones[0])[0]["status"] == "delivered"


# ---- two Postgres ----------------------------------------------------------------------------------


class Standby:
    """A second Postgres that follows a stack's, in a directory beside it."""

    def __init__(self, stack, sockets):
        self.stack = stack
        self.sockets = pathlib.Path(sockets)
        self.home = self.sockets.parent
        version = (stack.state / "data" / "PG_VERSION").read_text().strip()
        self.bin = pathlib.Path("/usr/lib/postgresql") / version / "bin"
        # Postgres refuses to be root.
        self.run_as = ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups", "--"] if os.geteuid() == 0 else []

    def _run(self, program, *args):
        done = subprocess.run([*self.run_as, self.bin / program, *args], cwd="/", stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=120)
        assert done.returncode == 0, done.stdout
        return done.stdout

    def start(self):
        hba = self.stack.state / "data" / "pg_hba.conf"
        hba.write_text(hba.read_text() + "local replication postgres trust\n")
        self.stack.sql("select pg_reload_conf()")
        self.sockets.mkdir(parents=True)
        if self.run_as:
            for path in (self.home, self.sockets):
                shutil.chown(path, "postgres", "postgres")
        wait_for(self._copied, what="a copy of Postgres")
        (self.home / "data" / "postgresql.auto.conf").write_text(
            f"primary_conninfo = 'host={self.stack.state / 'postgres'} user=postgres'\n")
        return self.start_again()

    def start_again(self):
        self._run("pg_ctl", "-D", self.home / "data", "-w", "-l", self.home / "log",
                  "-o", f"-c unix_socket_directories='{self.sockets}'", "start")
        return self

    def _copied(self):
        """False as long as the reload of pg_hba.conf has not arrived."""
        with contextlib.suppress(AssertionError):
            self._run("pg_basebackup", "-h", self.stack.state / "postgres", "-U", "postgres", "-D", self.home / "data",
                      "-R", "-c", "fast")
            return True

    def sql(self, query, *args):
        with contextlib.closing(psycopg2.connect(host=str(self.sockets), dbname="opsfabric", user="postgres")) as db:
            db.autocommit = True
            with db.cursor() as cursor:
                cursor.execute(query, args or None)
                return cursor.fetchall() if cursor.description else []

    def stop(self):
        if (self.home / "data" / "postmaster.pid").exists():
            self._run("pg_ctl", "-D", self.home / "data", "-m", "immediate", "-w", "stop")


def following(stack):
    return stack.one("select count(*) from pg_stat_replication where sync_state = 'sync'")["count"] == 1


@pytest.fixture
def passable_dir():
    """Which the user postgres may pass through."""
    with tempfile.TemporaryDirectory(prefix="of-") as path:
        pathlib.Path(path).chmod(0o711)
        yield pathlib.Path(path)


@pytest.fixture
def followed(passable_dir):
    """A stack whose programs know two hosts, of which the first one named is not there yet."""
    state, standby = passable_dir / "lead", passable_dir / "follow" / "sockets"
    stack = Stack.start(
        state,
        DATABASE_URL=address("opsfabric_web", standby, state / "postgres", target_session_attrs="read-write"),
        # of several hosts it is meant anyway
        DATABASE_SERVICE_URL=address("opsfabric_service", standby, state / "postgres"))
    follower = Standby(stack, standby)
    try:
        yield stack, follower
    finally:
        stack.stop()
        follower.stop()


def test_running_programs_follow_the_postgres_that_takes_writes(followed):
    """Connections stay open while their server stops taking writes; 503 until another one does, and then that one is used."""
    stack, follower = followed
    processes = Processes(stack)
    firm = stack.tenant()
    before = processes.everybody()
    early, meanwhile, late = mobile(), mobile(), mobile()
    assert firm.ticket(early).status_code == 201
    stack.wait_messages(early)

    follower.start()
    wait_for(lambda: follower.sql("select 1 from tickets where contact_phone = %s", early), what="the copy to follow")
    # Every connection is made anew, and a standby answers: nobody stays with it.
    stack.sql("select pg_terminate_backend(pid) from pg_stat_activity where usename like 'opsfabric_%%'")
    for _ in range(2 * processes.workers()):
        assert firm.ticket(mobile()).status_code == 201
    wait_for(lambda: stack.sql("select 1 from pg_stat_activity where application_name = 'dispatcher'"), what="the dispatcher")
    # Whoever looks whether it takes writes is there for that moment.
    wait_for(lambda: follower.sql("select 1 from pg_stat_activity where usename like 'opsfabric_%%'") == [], what="nobody with it")

    stack.sql("alter system set default_transaction_read_only = on")
    stack.sql("select pg_reload_conf()")
    wait_for(lambda: firm.ticket(meanwhile).status_code == 503, what="no writes")
    refused = [firm.ticket(meanwhile) for _ in range(2 * processes.workers())]
    assert {answer.status_code for answer in refused} == {503}
    assert all(int(answer.headers["Retry-After"]) > 0 for answer in refused)

    follower.sql("select pg_promote()")
    wait_for(lambda: firm.ticket(late).status_code in (200, 201), what="a ticket in the other Postgres")
    for _ in range(2 * processes.workers()):
        assert firm.ticket(mobile()).status_code == 201
    assert follower.sql("select count(*) from tickets where contact_phone = %s", late) == [(1,)]
    assert stack.sql("select 1 from tickets where contact_phone = %s", late) == []
    # So does the dispatcher, and what it sends.
    assert [m["to"] for m in stack.wait_messages(late)] == [late]
    wait_for(lambda: follower.sql("select 1 from sms_log where to_number = %s and status = 'sent'", late), what="the outcome")
    assert processes.everybody() == before
    assert processes.complaints() == []
    # The operator's command finds it as well.
    ((ticket,),) = follower.sql("select id::text from tickets where contact_phone = %s", late)
    assert ticket in stack.command("ticket", "list", firm.slug, "--json").stdout


def test_a_repeated_answer_waits_for_the_standby_as_the_first_did(followed):
    """What Postgres has on its own disk only is not acknowledged, not even to who asks again after a crash."""
    stack, follower = followed
    firm = stack.tenant()
    follower.start()
    stack.sql("alter system set synchronous_standby_names = '*'")
    stack.sql("select pg_reload_conf()")
    wait_for(lambda: following(stack), what="the standby")
    assert firm.ticket().status_code == 201

    follower.stop()
    phone, key = mobile(), {"Idempotency-Key": uuid.uuid4().hex}
    assert firm.ticket(phone, headers=key).status_code == 503
    processes = Processes(stack)
    OUTAGES["crashed"](processes)()
    # It was committed, and is there since the crash; only nobody else has it.
    assert processes.sql("select count(*) from tickets where contact_phone = %s", phone)[0]["count"] == 1
    assert firm.ticket(phone, headers=key).status_code == 503

    follower.start_again()
    answer = wait_for(lambda: (lambda a: a if a.status_code != 503 else None)(firm.ticket(phone, headers=key)), what="an answer")
    assert answer.status_code == 201 and len(firm.tickets(phone)) == 1
    assert follower.sql("select id::text from tickets where contact_phone = %s", phone) == [(answer.json()["ticket_id"],)]
    assert firm.ticket(phone, headers=key).content == answer.content
    assert processes.complaints() == []
