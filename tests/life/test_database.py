"""Postgres away, frozen, restarted, crashed: 503 while it lasts, and the very next request after it works

Webhooks that can be verified from memory are kept and told so: test_spool.py.
No program of ours ends because of it, nothing acknowledged is lost and nothing is done twice. What
a program may not run with, a role that sees too much or an old schema, it refuses at its start.
"""

import concurrent.futures
import contextlib
import json
import os
import random
import socket
import subprocess
import time
import uuid

import pytest

from tests.support import fastcgi
from tests.support.campaign import OUTAGES, outage_rounds
from tests.support.load import storm
from tests.support.processes import Processes, is_running, kill
from tests.support.stack import ROOT, mobile, noon_zone, wait_for

ROUNDS = int(os.environ.get("OPSFABRIC_TEST_ROUNDS", "5"))
# Longer than this nobody waits to be told "not now": a program says it before nginx would, after twenty seconds.
DEADLINE = 19


@pytest.fixture(scope="module")
def firm(own_stack):
    return own_stack.tenant(daily_segments=1000000)


@pytest.fixture(scope="module")
def processes(own_stack):
    return Processes(own_stack)


@pytest.fixture(autouse=True)
def nobody_complains(own_stack, processes):
    before = processes.complaints()
    yield
    own_stack.close()  # its own connection may be one that was killed
    assert processes.complaints() == before


def request_of(route, stack, firm):
    """What makes each route ask the database: (method, path, body, parameters, good statuses)."""
    def body(**fields):
        return json.dumps(fields).encode()

    def bearer(token):
        return {"HTTP_AUTHORIZATION": f"Bearer {token}"}

    def receipt(message_id):
        return stack.receipt_path("generic", message_id).split("?")[0], body(id=message_id, status="sent")

    return {
        "ticket": lambda: ("POST", "/api/ticket", body(customer_slug=firm.slug, contact_phone=mobile()), {}, 201),
        "ticket_status": lambda: ("POST", "/api/ticket/status", body(ticket_id=str(uuid.uuid4()), status="DONE"),
                                  bearer(firm.token), 404),
        "ticket_photo": lambda: ("GET", f"/api/ticket/photo?ticket_id={uuid.uuid4()}", None,
                                 {**bearer(firm.token), "QUERY_STRING": f"ticket_id={uuid.uuid4()}"}, 200),
        "missed_call": lambda: ("POST", "/api/webhook/missed-call",
                                body(From=mobile(), To=firm.phone, CallSid=uuid.uuid4().hex), {}, 200),
        "sms_reply": lambda: ("POST", "/api/webhook/sms-reply",
                              body(From=mobile(), To=firm.sms_number, Body="1", MessageSid=uuid.uuid4().hex), {}, 200),
        "sms_status": lambda: ("POST", *receipt(str(uuid.uuid4())), {}, 200),
        "review_request": lambda: ("POST", "/api/cron/review-request", None, bearer(stack.env["CRON_SECRET"]), 200),
        "escalate": lambda: ("POST", "/api/cron/escalate", None, bearer(stack.env["CRON_SECRET"]), 200),
        "retention": lambda: ("POST", "/api/cron/retention", None, bearer(stack.env["CRON_SECRET"]), 200),
        "alert_link": lambda: ("GET", "/a/" + uuid.uuid4().hex[:16], None, {}, 404),
        "review_link": lambda: ("GET", "/r/" + uuid.uuid4().hex[:12], None, {}, 404),
        "health": lambda: ("GET", "/healthz", None, {}, 200),
        "metrics": lambda: ("GET", "/metrics", None, {}, 200),
        "root": lambda: ("GET", "/", None, {}, 302),
        # A firm that is known is remembered for some seconds; one that is not is asked for each time.
        "wizard": lambda: ("GET", f"/x-{uuid.uuid4().hex[:12]}/anfrage", None, {}, 404),
        "page": lambda: ("GET", f"/x-{uuid.uuid4().hex[:12]}", None, {}, 404),
    }[route]()


@pytest.fixture(scope="module")
def asked(own_stack, firm, processes):
    """ask(route): a request through nginx, as (status, seconds, headers). The token exists before any outage."""
    assert firm.token
    own_stack.get("/healthz")  # reads docs/openapi.yaml, which takes its time

    def ask(route):
        method, path, body, params, _ = request_of(route, own_stack, firm)
        headers = {"Content-Type": "application/json"} if body else {}
        if params:
            headers["Authorization"] = params["HTTP_AUTHORIZATION"]
        begun = time.monotonic()
        answer = own_stack.request(method, path, data=body, headers=headers)
        return answer.status_code, time.monotonic() - begun, answer.headers

    return ask


def each_worker(processes, route, stack, firm):
    """The status that each worker of the route answers with: all of them accept before any can answer.

    A worker gives somebody up who says nothing for five seconds; where the machine stands still for so long, it is asked anew."""
    def ask():
        begun = time.monotonic()
        held, _ = processes.hold_all(
            route, lambda: fastcgi.Connection(stack.state / "run" / f"{route}.sock").begin())
        statuses = []
        try:
            for c in held:
                method, path, body, params, _ = request_of(route, stack, firm)
                with c:
                    c.params(fastcgi.parameters(method, path, body, **params)).stdin(body or b"", end=True)
                    statuses.append(c.answer().status)
        except (fastcgi.Torn, BrokenPipeError):
            assert time.monotonic() - begun > 4, route
            return None
        return statuses

    return wait_for(ask, 120, f"the workers of {route}")


# What they report is kept while Postgres is away.
WEBHOOKS = {"missed_call", "sms_reply", "sms_status"}


def all_work(processes, stack, firm):
    """Every worker's first request after the outage is answered as if there had been none; what waits is taken."""
    processes.wait_spool()
    for route in processes.routes():
        good = [request_of(route, stack, firm)[4]] * processes.workers()
        if route in WEBHOOKS:
            # For a tenth of a second after it found nobody a worker does not look again.
            wait_for(lambda: each_worker(processes, route, stack, firm) == good, 60, f"{route} to take what it is told")
        else:
            assert each_worker(processes, route, stack, firm) == good, route
    processes.wait_spool()


def nothing_works(processes, asked):
    """Every route but webhooks says 503, when to come again, and that soon. Where / leads is known for some seconds, and what
    is counted without it is told."""
    routes = [route for route in processes.routes() if route not in ("root", "metrics")]
    with concurrent.futures.ThreadPoolExecutor(len(routes)) as pool:
        answers = dict(zip(routes, pool.map(asked, routes)))
    for route, (status, seconds, headers) in answers.items():
        print(f"{route}: {status} after {seconds:.2f} s")
        assert seconds < DEADLINE, route
        if route in WEBHOOKS:
            assert (status, headers.get("Retry-After")) == (202, None), route
            continue
        assert status == 503, route
        assert int(headers["Retry-After"]) > 0, route
        assert headers["Content-Type"].startswith(("application/problem+json", "text/html")), route


# ---- while it is away -------------------------------------------------------------------------


@pytest.mark.parametrize("outage", ["stopped", "frozen"])
def test_503_while_it_is_away_and_then_the_next_request_works(own_stack, firm, processes, asked, outage):
    before = processes.everybody()
    all_work(processes, own_stack, firm)
    processes.wait_roster(firm.phone, firm.sms_number)
    end = OUTAGES[outage](processes)
    try:
        nothing_works(processes, asked)  # those that had a connection
        nothing_works(processes, asked)  # those that look for one
    finally:
        end()
    processes.wait_database()
    all_work(processes, own_stack, firm)
    assert processes.everybody() == before


@pytest.mark.parametrize("outage", ["fast restart", "crashed"])
def test_after_a_restart_the_next_request_works(own_stack, firm, processes, outage):
    before = processes.everybody()
    all_work(processes, own_stack, firm)
    if outage == "fast restart":
        own_stack.run("--restart", "postgres")
    else:
        OUTAGES["crashed"](processes)()
    processes.wait_database()
    all_work(processes, own_stack, firm)
    assert processes.everybody() == before


def test_connections_that_were_ended_are_made_again_before_anybody_notices(own_stack, firm, processes):
    before = processes.everybody()
    all_work(processes, own_stack, firm)
    ended = own_stack.one("select count(pg_terminate_backend(pid)) from pg_stat_activity"
                          " where usename in ('opsfabric_web', 'opsfabric_service')")["count"]
    assert ended >= (len(processes.routes()) - 1) * processes.workers()  # / may not have asked yet
    all_work(processes, own_stack, firm)
    assert processes.everybody() == before


def test_a_killed_backend_costs_a_moment_and_no_program(own_stack, firm, processes):
    """Postgres ends all its processes after one was killed, and recovers."""
    before = processes.everybody()
    all_work(processes, own_stack, firm)
    victim = random.choice(processes.backends("ticket"))
    kill(victim)
    wait_for(lambda: not is_running(victim), what="the backend to end")
    wait_for(lambda: own_stack.get("/healthz").status_code == 200, what="/healthz")
    processes.wait_database()
    all_work(processes, own_stack, firm)
    assert processes.everybody() == before


def test_programs_start_without_it(own_stack, firm, processes, asked):
    processes.stop_database()
    try:
        before = {name: processes.wait_running(name) for name in ("ticket", "dispatcher")}
        for name, pids in before.items():
            begun = time.monotonic()
            own_stack.run("--restart", name)
            assert time.monotonic() - begun < 90, name
            before[name] = processes.wait_running(name, other_than=pids)
        status, seconds, headers = asked("ticket")
        assert status == 503 and "Retry-After" in headers and seconds < DEADLINE
    finally:
        processes.start_database()
    assert each_worker(processes, "ticket", own_stack, firm) == [201] * processes.workers()
    for name, pids in before.items():
        assert processes.wait_running(name) == pids
    phone = mobile()
    assert firm.ticket(phone).status_code == 201
    own_stack.wait_messages(phone)


@pytest.mark.parametrize("outage", ["stopped", "frozen"])
def test_many_who_wait_at_once_are_told_in_time(own_stack, firm, processes, outage):
    """Two workers, forty requests: those behind must not wait for those before, one deadline after the other."""
    each_worker(processes, "ticket", own_stack, firm)
    bodies = [request_of("ticket", own_stack, firm)[2] for _ in range(40)]
    end = OUTAGES[outage](processes)
    try:
        begun = time.monotonic()
        answers = storm(own_stack, "/api/ticket", bodies)
        took = time.monotonic() - begun
    finally:
        end()
    processes.wait_database()
    print(f"{outage}: the last of {len(bodies)} after {took:.1f} s")
    assert {status for status, _ in answers} == {503}
    assert took < DEADLINE
    wait_for(lambda: own_stack.get("/healthz").status_code == 200, what="/healthz")


# ---- what was acknowledged --------------------------------------------------------------------


def test_nothing_acknowledged_is_lost_and_nothing_is_done_twice(own_stack):
    """All kinds of outages, one after the other, while clients work and repeat what failed."""
    figures = outage_rounds(own_stack, own_stack.tenant(daily_segments=1000000, timezone=noon_zone()), ROUNDS)
    print(figures)
    assert figures["violations"] == []


def test_a_commit_that_fails_is_called_so(own_stack, firm):
    """Every statement went well, and nothing is kept."""
    phone = mobile()
    own_stack.sql("create function life_no() returns trigger language plpgsql as $$ begin raise exception 'no'; end $$")
    own_stack.sql("create constraint trigger life_no after insert on tickets deferrable initially deferred for each row"
                  f" when (new.contact_phone = '{phone}') execute function life_no()")
    try:
        answer = firm.ticket(phone)
    finally:
        own_stack.sql("drop function life_no cascade")
    assert answer.status_code == 500 and firm.tickets(phone) == []
    assert "database: commit: ERROR:  no" in (own_stack.state / "log" / "ticket.log").read_text()


# ---- a program of its own, with another database ------------------------------------------------


@contextlib.contextmanager
def started(stack, program, tmp_path, **changes):
    """A program of the build with its listening socket on descriptor 0, outside of supervisord."""
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "p.sock"))
        listener.listen(8)
        child = subprocess.Popen([stack.state / "programs" / program], env={**os.environ, **stack.env, **changes},
                                 stdin=listener, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        try:
            yield child
        finally:
            child.kill()
            child.communicate()


def refusal(stack, program, tmp_path, **changes):
    """What it says, and that it does not start."""
    with started(stack, program, tmp_path, **changes) as child:
        said, _ = child.communicate(timeout=120)
        assert child.returncode == 1, said
    assert "Sanitizer" not in said
    return said


def url(stack, role, database="opsfabric"):
    return f"postgresql://{role}@/{database}?host={stack.state / 'postgres'}"


@pytest.fixture
def short_path(private_dir):
    path = private_dir / uuid.uuid4().hex[:6]
    path.mkdir()
    return path


@contextlib.contextmanager
def bad_host(path, kind):
    """A socket directory where nobody is, or somebody who accepts and never speaks."""
    path.mkdir()
    if kind == "gone":
        yield path
        return
    with socket.socket(socket.AF_UNIX) as silent:
        silent.bind(str(path / ".s.PGSQL.5432"))
        silent.listen(16)
        yield path


@pytest.mark.parametrize("order", ["bad first", "bad last"])
@pytest.mark.parametrize("kind", ["gone", "silent"])
def test_of_several_hosts_one_that_works_is_enough(own_stack, firm, short_path, kind, order):
    with bad_host(short_path / "bad", kind) as bad:
        hosts = [str(bad), str(own_stack.state / "postgres")]
        if order == "bad last":
            hosts.reverse()
        address = f"postgresql://opsfabric_web@/opsfabric?host={','.join(hosts)}&target_session_attrs=read-write"
        with started(own_stack, "cgi-bin/ticket", short_path, DATABASE_URL=address):
            for _ in range(2):  # the second finds the one that answered
                method, path, body, params, good = request_of("ticket", own_stack, firm)
                begun = time.monotonic()
                with fastcgi.Connection(short_path / "p.sock") as c:
                    assert c.request(method, path, body, **params).answer().status == good
                assert time.monotonic() - begun < DEADLINE


@pytest.mark.parametrize("role, words", [
    ("postgres", "is a superuser"),
    ("opsfabric_owner", "owns the tables"),
    ("life_bypass", "has BYPASSRLS"),
    ("life_member", "is a member of another role"),
])
@pytest.mark.parametrize("program, variable", [
    ("cgi-bin/ticket", "DATABASE_URL"), ("cgi-bin/review_request", "DATABASE_SERVICE_URL"),
    ("bin/dispatcher", "DATABASE_SERVICE_URL"),
])
def test_a_role_that_sees_too_much_is_refused(own_stack, short_path, program, variable, role, words):
    if role.startswith("life_"):
        own_stack.sql(f"drop role if exists {role}")
        own_stack.sql(f"create role {role} login" + (" bypassrls" if role == "life_bypass" else ""))
        own_stack.sql(f"grant usage on schema public to {role}; grant select on schema_migrations to {role}")
        if role == "life_member":
            own_stack.sql(f"grant opsfabric_owner to {role}")
    try:
        said = refusal(own_stack, program, short_path, **{variable: url(own_stack, role)})
    finally:
        if role.startswith("life_"):
            own_stack.sql(f"drop owned by {role}")
            own_stack.sql(f"drop role {role}")
    assert f"role {role} {words}" in said, said


@pytest.fixture(scope="module")
def older(own_stack):
    """A database like ours whose newest migration is missing."""
    own_stack.sql("create database older")
    subprocess.run(["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-f", ROOT / "schema" / "roles.sql",
                    url(own_stack, "postgres", "older")], check=True, capture_output=True)
    own_stack.sql("alter database older owner to opsfabric_owner")
    env = {**os.environ, **own_stack.env, "DATABASE_OWNER_URL": url(own_stack, "opsfabric_owner", "older")}
    subprocess.run([own_stack.state / "programs" / "bin" / "opsfabric", "migrate"], env=env, check=True,
                   capture_output=True)
    subprocess.run(["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-c",
                    "delete from schema_migrations where version = (select max(version) from schema_migrations)",
                    url(own_stack, "postgres", "older")], check=True, capture_output=True)
    yield "older"
    own_stack.sql("drop database older with (force)")


@pytest.mark.parametrize("program, variable, role", [
    ("cgi-bin/ticket", "DATABASE_URL", "opsfabric_web"),
    ("cgi-bin/review_request", "DATABASE_SERVICE_URL", "opsfabric_service"),
    ("bin/dispatcher", "DATABASE_SERVICE_URL", "opsfabric_service"),
])
def test_an_older_schema_is_refused(own_stack, short_path, older, program, variable, role):
    said = refusal(own_stack, program, short_path, **{variable: url(own_stack, role, older)})
    assert "schema version" in said and "opsfabric migrate" in said, said


def test_a_database_without_a_schema_is_refused(own_stack, short_path):
    said = refusal(own_stack, "cgi-bin/ticket", short_path, DATABASE_URL=url(own_stack, "opsfabric_web", "postgres"))
    assert "opsfabric migrate" in said, said


def test_a_statement_that_does_not_fit_ends_the_program_until_it_does(own_stack, firm, processes):
    """It is met by a connection made while the program runs, and then at its start."""
    log = own_stack.state / "log" / "ticket.log"

    def said():
        return log.read_text().count("a statement does not fit the schema")

    workers, said_before = processes.wait_running("ticket"), said()
    with concurrent.futures.ThreadPoolExecutor(len(workers) + 1) as pool:
        own_stack.sql("alter table tickets rename column summary to summary_once")
        try:
            own_stack.sql("select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'ticket'")
            answer = firm.ticket()
            assert answer.status_code == 503 and int(answer.headers["Retry-After"]) > 0
            # A worker ends when the next request comes, and leaves it to others.
            answers = [pool.submit(firm.ticket) for _ in workers]
            wait_for(lambda: said() - said_before > len(workers), what="programs to be refused at their start")
        finally:
            own_stack.sql("alter table tickets rename column summary_once to summary")
        assert {answer.result().status_code for answer in answers} <= {201, 503}
    wait_for(lambda: firm.ticket().status_code == 201, what="the route to work again")
    assert set(processes.pids("ticket")) != set(workers)


def test_a_program_without_an_address_for_its_database_is_refused(own_stack, short_path):
    said = refusal(own_stack, "cgi-bin/ticket", short_path, DATABASE_URL="")
    assert "DATABASE_URL is not set" in said, said
