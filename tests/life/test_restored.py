"""A database that was restored or copied sends nothing twice: what waits in it becomes unknown before anything leaves"""

import json
import os
import shutil
import subprocess
import uuid

import psycopg2
import pytest

from tests.support.processes import Processes
from tests.support.stack import Stack, json_lines, mobile, wait_for


@pytest.fixture(scope="module")
def own(private_dir):
    running = Stack.start(private_dir / "restored")
    yield running
    running.stop()


class Dispatcher:
    """One of its own, with a database and a state directory of its own."""

    def __init__(self, stack, directory, url):
        directory.mkdir(exist_ok=True)
        for name in ("run", "log"):
            (directory / name).mkdir(exist_ok=True)
        self.directory = directory
        self.log = directory / "log" / "dispatcher.log"
        env = {**os.environ, **stack.env, "DATABASE_SERVICE_URL": url, "OPSFABRIC_STATE": str(directory)}
        self.process = subprocess.Popen([stack.state / "programs" / "bin" / "dispatcher"], env=env, cwd=directory,
                                        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=self.log.open("ab"))

    def sent(self):
        return json_lines(self.directory / "log" / "messages.jsonl")

    def stop(self):
        self.process.terminate()
        assert self.process.wait(180) == 0


def url_of(stack, database):
    return stack.env["DATABASE_SERVICE_URL"].replace("/opsfabric?", f"/{database}?")


def run(*command, **kwargs):
    done = subprocess.run([str(c) for c in command], capture_output=True, text=True, timeout=180, **kwargs)
    assert done.returncode == 0, (command, done.stdout, done.stderr)
    return done.stdout


def copy_of(stack, name):
    """As an operator would make one: a dump, read into another database."""
    at = ("-h", stack.state / "postgres", "-U", "postgres")
    run("createdb", *at, "-O", "opsfabric_owner", name)
    dump = run("pg_dump", *at, "opsfabric")
    run("psql", *at, "-q", "-v", "ON_ERROR_STOP=1", "-d", name, input=dump)
    db = psycopg2.connect(host=str(stack.state / "postgres"), dbname=name, user="postgres")
    db.autocommit = True
    return db


def value(db, query, *args):
    with db.cursor() as cursor:
        cursor.execute(query, args or None)
        return cursor.fetchone()[0] if cursor.description else None


def queue(stack, firm, count, minutes=0):
    """Messages that wait, with no dispatcher to take them."""
    phones = [mobile() for _ in range(count)]
    for phone in phones:
        assert firm.missed_call(phone).status_code == 200
    return phones


@pytest.fixture
def stopped(own):
    """Nobody delivers, until the test says so."""
    ctl(own, "stop", "dispatcher")
    yield
    ctl(own, "start", "dispatcher")


def ctl(stack, *words):
    run("supervisorctl", "-c", "supervisor/supervisord.conf", *words, cwd=stack.state)


def test_a_copy_sends_nothing_of_what_waited_and_all_that_comes_later(own, stopped, private_dir):
    firm = own.tenant()
    phones = queue(own, firm, 5)
    name = "copy_" + uuid.uuid4().hex[:8]
    db = copy_of(own, name)
    dispatcher = Dispatcher(own, private_dir / "copy", url_of(own, name))
    try:
        wait_for(lambda: value(db, "select count(*) from sms_log where status = 'unknown'") == 5, what="unknown messages")
        assert value(db, "select count(*) from sms_log where status in ('queued', 'sending')") == 0
        assert value(db, "select count(*) from ticket_events where event_type = 'sms_unknown' and new_value = 'the database was restored'") == 5
        wait_for(lambda: "was restored or copied (it is a copy): 5 messages" in dispatcher.log.read_text(), what="the line")
        # what is written from now on leaves
        value(db, """insert into sms_log (id, customer_id, direction, template, from_number, to_number, body, segments, provider, status,
                                          not_before, expires_at, status_at, created_at)
                     select gen_random_uuid(), id, 'outbound', 'missed_call', '+41790000001', %s, 'new', 1, 'console', 'queued',
                            now(), now() + interval '1 hour', now(), now() from customers where slug = %s""", phones[0], firm.slug)
        wait_for(lambda: dispatcher.sent(), what="the new message")
        assert [m["body"] for m in dispatcher.sent()] == ["new"]
        # a second dispatcher finds nothing to do, and a restart of the first neither
        dispatcher.stop()
        again = Dispatcher(own, private_dir / "copy", url_of(own, name))
        wait_for(lambda: again.log.read_text().count("carries messages") == 2, what="the restart")
        again.stop()
        assert again.log.read_text().count("was restored or copied") == 1 and len(again.sent()) == 1
    finally:
        if dispatcher.process.poll() is None:
            dispatcher.process.kill()
            dispatcher.process.wait()
        db.close()
    # the original knows nothing of it
    assert {m["status"] for m in firm.outbound()} == {"queued"}


def test_a_database_that_went_back_is_found_out_and_one_that_did_not_is_not(own, private_dir):
    """The data directory of before comes back, with the same ids and on the same timeline."""
    firm = own.tenant()
    ctl(own, "stop", "dispatcher")
    phones = queue(own, firm, 4)
    ctl(own, "stop", "postgres")
    kept = private_dir / "data.before"
    run("cp", "-a", own.state / "data", kept)
    own.close()
    ctl(own, "start", "postgres")
    ctl(own, "start", "dispatcher")
    for phone in phones:
        own.wait_messages(phone)
    wait_for(lambda: all(m["status"] == "sent" for m in firm.outbound()), what="all being sent")
    # an ordinary restart of both is none
    for name in ("dispatcher", "postgres"):
        ctl(own, "stop", name)
    own.close()
    for name in ("postgres", "dispatcher"):
        ctl(own, "start", name)
    later = mobile()
    wait_for(lambda: own.get("/healthz").status_code == 200, what="the database")
    firm.missed_call(later)
    own.wait_messages(later)
    assert "was restored" not in (own.state / "log" / "dispatcher.log").read_text()

    # even under a dispatcher that lives
    ctl(own, "stop", "postgres")
    own.close()
    shutil.rmtree(own.state / "data")
    run("cp", "-a", kept, own.state / "data")
    ctl(own, "start", "postgres")
    wait_for(lambda: own.get("/healthz").status_code == 200, what="the database")
    wait_for(lambda: {m["status"] for m in firm.outbound()} == {"unknown"}, what="unknown messages")
    wait_for(lambda: "it is older than what has left" in (own.state / "log" / "dispatcher.log").read_text(), what="the line")
    assert all(len(own.messages(phone)) == 1 for phone in phones)
    doctor = own.command("doctor", check=False).stdout
    assert "of 4 messages nobody knows whether they had left" in doctor
    # a person resolves them
    ids = [str(m["id"]) for m in firm.outbound()]
    for message in ids[:3]:
        own.command("message", "resolve", message, "sent")
    own.command("message", "resolve", ids[3], "absent")
    wait_for(lambda: {m["status"] for m in firm.outbound()} == {"sent"}, what="the one that had not left")
    assert sum(len(own.messages(phone)) for phone in phones) == 5
    # and life goes on
    fresh = mobile()
    firm.missed_call(fresh)
    own.wait_messages(fresh)
    assert Processes(own).complaints() == []


def test_the_operator_says_so(own, stopped):
    firm = own.tenant()
    queue(own, firm, 3)
    own.sql("update installation set identity = 'elsewhere'")
    assert "it is not where it was set up" in own.command("doctor", check=False).stdout
    # pg_upgrade: another cluster, and nothing was lost
    own.command("restored", "--same")
    assert {m["status"] for m in firm.outbound()} == {"queued"}
    assert "it is not where it was set up" not in own.command("doctor", check=False).stdout
    assert json.loads(own.command("restored", "--json").stdout)["unknown"] >= 3
    assert {m["status"] for m in firm.outbound()} == {"unknown"}


def test_a_standby_that_was_promoted_is_no_restored_database(own, private_dir):
    """Another timeline, and all claims are there: whoever has seen them goes on, and whoever has not believes the first one."""
    firm = own.tenant()
    first = mobile()
    firm.missed_call(first)
    own.wait_messages(first)
    wait_for(lambda: (own.state / "log" / "dispatcher.seen").exists(), what="what was seen")
    ctl(own, "stop", "dispatcher")
    phone, = queue(own, firm, 1)
    own.sql("update installation set timeline = '000000FF'")
    ctl(own, "start", "dispatcher")
    own.wait_messages(phone)
    assert own.one("select timeline = database_timeline() as same from installation")["same"]
    # a host that has seen nothing, and nobody before it: it cannot know
    ctl(own, "stop", "dispatcher")
    other, = queue(own, firm, 1)
    own.sql("update installation set timeline = '000000FF'")
    dispatcher = Dispatcher(own, private_dir / "fresh", own.env["DATABASE_SERVICE_URL"])
    wait_for(lambda: firm.outbound(other)[0]["status"] == "unknown", what="the message being unknown")
    dispatcher.stop()
    assert dispatcher.sent() == []
    ctl(own, "start", "dispatcher")
