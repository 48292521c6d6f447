"""pgbouncer in transaction mode between the programs and Postgres: one connection for all of them, and nothing is mixed up

Runs with deploy/cluster/pgbouncer.ini. Every statement of a role goes through the same session of
Postgres here, so whatever one request would leave behind in it the next one would find.
"""

import concurrent.futures
import contextlib
import os
import pathlib
import socket
import subprocess
import tempfile
import threading
import uuid

import psycopg2
import pytest

from tests.support import pgbouncer
from tests.support.pgbouncer import Pgbouncer
from tests.support.processes import Processes
from tests.support.stack import Stack, mobile, wait_for

REQUESTS = 150


@pytest.fixture(scope="module")
def home():
    """Which the user postgres may pass through."""
    with tempfile.TemporaryDirectory(prefix="of-") as path:
        pathlib.Path(path).chmod(0o711)
        yield pathlib.Path(path)


@pytest.fixture(scope="module")
def pooled(home):
    """(stack, pooler). The stack is started twice: the pooler asks its Postgres for the roles' passwords first."""
    stack = Stack.start(home / "s", OPSFABRIC_WORKERS=1)
    pooler = Pgbouncer(home / "b", stack.state / "postgres", default_pool_size=1, query_wait_timeout=30)
    try:
        pooler.start()
        stack.stop()
        stack = Stack.start(
            home / "s", OPSFABRIC_WORKERS=3, DATABASE_PREPARE="no", DATABASE_URL=pooler.url("opsfabric_web"),
            DATABASE_SERVICE_URL=pooler.url("opsfabric_service"))
        yield stack, pooler
    finally:
        stack.stop()
        pooler.stop()


def test_the_main_job(pooled):
    stack, _ = pooled
    on_call = mobile()
    firm = stack.tenant(config={"language": "de", "on_call": [{"phone": on_call}]})
    caller = mobile()
    assert firm.missed_call(caller).json()["status"] == "queued"
    stack.wait_messages(caller)
    assert firm.text(caller, "1").status_code == 200
    stack.wait_messages(caller, 2)
    stack.wait_messages(on_call)
    (ticket,) = firm.tickets(caller)
    assert (ticket["urgency"], ticket["status"]) == ("HIGH", "NEW")
    assert firm.move(ticket["id"], "DONE").status_code == 200
    assert stack.cron("/api/cron/review-request").status_code == 200
    assert stack.cron("/api/cron/escalate").status_code == 200
    assert stack.get("/healthz").status_code == 200
    assert stack.get(f"/{firm.slug}/anfrage").status_code == 200
    wait_for(lambda: {m["status"] for m in firm.outbound(caller)} <= {"sent", "queued"}, what="outcomes")
    assert str(ticket["id"]) in stack.command("ticket", "list", firm.slug, "--json").stdout


def test_a_warm_request_is_still_one_round_trip(pooled):
    stack, _ = pooled
    firm = stack.tenant()
    for _ in range(12):
        assert firm.ticket().status_code == 201
    lines = [line for line in (stack.state / "log" / "ticket.log").read_text().splitlines() if " 201 " in line]
    assert "us db 1 " in lines[-1]


def spy(pooler, stop, found):
    """What the pooled session of opsfabric_web shows to whoever gets it between two requests: nothing of anybody."""
    with contextlib.closing(psycopg2.connect(pooler.url("opsfabric_web"))) as db:
        db.autocommit = True
        with db.cursor() as cursor:
            while not stop.is_set():
                cursor.execute("select pg_backend_pid(), coalesce(current_setting('app.customer_id', true), ''),"
                               " (select count(*) from tickets), (select count(*) from customers), (select count(*) from sms_log)")
                found.append(cursor.fetchone())


def test_no_firm_sees_another_through_the_shared_session(pooled):
    """Two firms at the same time, one session of Postgres for all requests, and a spy in it between them."""
    stack, pooler = pooled
    firms = [stack.tenant(), stack.tenant()]
    phones = [[mobile() for _ in range(REQUESTS)] for _ in firms]
    # The same caller at both firms: of each a ticket of its own.
    phones[1][:20] = phones[0][:20]
    stop, found = threading.Event(), []
    watcher = threading.Thread(target=spy, args=(pooler, stop, found))
    watcher.start()
    try:
        def ask(n):
            firm, phone = firms[n % 2], phones[n % 2][n // 2]
            answer = firm.ticket(phone, headers={"Idempotency-Key": f"pooled-{n // 2}"})
            again = firm.ticket(phone, headers={"Idempotency-Key": f"pooled-{n // 2}"})
            return n % 2, phone, answer, again

        with concurrent.futures.ThreadPoolExecutor(16) as pool:
            answers = list(pool.map(ask, range(2 * REQUESTS)))
    finally:
        stop.set()
        watcher.join(30)
    owners = {str(row["id"]): (row["customer_id"], row["contact_phone"]) for row in stack.sql(
        "select id, customer_id, contact_phone from tickets where customer_id in (%s, %s)", firms[0].id, firms[1].id)}
    for whose, phone, answer, again in answers:
        assert answer.status_code == 201
        assert (again.status_code, again.content) == (201, answer.content)
        assert owners[answer.json()["ticket_id"]] == (firms[whose].id, phone)
    assert len(owners) == 2 * REQUESTS
    # The spy was in the session of the requests, often, and saw nothing.
    assert len(found) > 50
    assert {row[1:] for row in found} == {("", 0, 0, 0)}
    (session,) = {row[0] for row in found}
    assert stack.sql("select pid from pg_stat_activity where usename = 'opsfabric_web'") == [{"pid": session}]
    log = (pooler.home / "pgbouncer.log").read_text()
    assert "ERROR" not in log and "FATAL" not in log, log[-2000:]


def test_a_pooler_that_goes_is_a_database_that_goes(pooled):
    stack, pooler = pooled
    firm = stack.tenant()
    before = Processes(stack).everybody()
    assert firm.ticket().status_code == 201
    pooler.stop()
    try:
        assert firm.ticket().status_code == 503
    finally:
        pooler.start()
    wait_for(lambda: firm.ticket().status_code == 201, what="a ticket")
    assert Processes(stack).everybody() == before
    assert Processes(stack).complaints() == []


@contextlib.contextmanager
def started(stack, home, **changes):
    """The ticket program by itself, with a socket that nobody asks."""
    path = home / (uuid.uuid4().hex[:8] + ".sock")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen(8)
        child = subprocess.Popen([stack.state / "programs" / "cgi-bin" / "ticket"], env={**os.environ, **stack.env, **changes},
                                 stdin=listener, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        try:
            yield child
        finally:
            child.kill()
            child.communicate()


@pytest.mark.skipif(pgbouncer.version() >= (1, 21), reason="this pgbouncer knows prepared statements")
def test_a_program_that_prepares_behind_it_says_what_to_set(pooled, home):
    stack, pooler = pooled

    def is_told():
        """The first one to prepare finds nobody's; one after it finds its."""
        with started(stack, home, DATABASE_PREPARE="yes") as child:
            try:
                said, _ = child.communicate(timeout=10)
            except subprocess.TimeoutExpired:
                return False
        assert child.returncode == 1, said
        return said

    try:
        said = wait_for(is_told, 120, "a program to find another's statements")
        assert "DATABASE_PREPARE=no" in said, said
    finally:
        # What they prepared is still in the session.
        stack.sql("select pg_terminate_backend(pid) from pg_stat_activity where usename = 'opsfabric_web'")


def test_a_setting_that_is_neither_yes_nor_no_is_refused(pooled, home):
    stack, _ = pooled
    with started(stack, home, DATABASE_PREPARE="perhaps") as child:
        said, _ = child.communicate(timeout=120)
    assert child.returncode == 1 and 'DATABASE_PREPARE is "perhaps"' in said, said
