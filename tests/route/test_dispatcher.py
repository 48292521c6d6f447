"""dispatcher - what is queued reaches the provider once, and each row says the truth about it

A Postgres of its own, dispatchers started directly, and a provider that misbehaves on request
(tests/support/provider_simulator.py). What the provider accepted is a file that no dispatcher
knows; the rows are held against it.
"""

import collections
import contextlib
import json
import os
import pathlib
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import uuid

import psycopg2
import psycopg2.extras
import pytest

from tests.support.provider import Provider, settings
from tests.support.stack import ROOT, wait_for

PROGRAMS = pathlib.Path(
    os.environ.get("OPSFABRIC_PROGRAMS", ROOT / "build" / os.environ.get("OPSFABRIC_PRESET", "asan")))
ROUNDS = int(os.environ.get("OPSFABRIC_TEST_ROUNDS", "5"))
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
        self.process.wait(60)

    def sql(self, query, *args):
        db = psycopg2.connect(host=str(self.sockets), dbname="opsfabric", user="postgres")
        try:
            db.autocommit = True
            with db.cursor(cursor_factory=psycopg2.extras.RealDictCursor) as cursor:
                cursor.execute(query, args or None)
                return [dict(row) for row in cursor.fetchall()] if cursor.description else []
        finally:
            db.close()


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

    def wait_status(self, ids, *wanted, seconds=60):
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
            child.wait(60)
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


# ---- one message ---------------------------------------------------------------------------


def test_a_sent_row_was_accepted_as_it_says(outbox):
    provider = outbox.provider()
    outbox.dispatcher(provider.port)
    ids = outbox.queue(20, "Grüezi \"Frau\" Müller\\ \U0001f642\nbis bald")
    rows = outbox.wait_status(ids, "sent")
    assert check_truth(outbox, provider, ids) == {"sent": 20}
    accepted = provider.accepted()
    for row in rows.values():
        assert row["attempts"] == 1 and row["error"] is None and row["provider_id"]
        assert accepted[row["id"]][0]["to"] == "00" + TO[1:]
        assert accepted[row["id"]][0]["from"] == "0041790000001"
        assert accepted[row["id"]][0]["text"] == row["body"]
    events = outbox.sql("select event_type from ticket_events where ticket_id = %s", TICKET)
    assert [e["event_type"] for e in events] == ["sms_sent"] * 20
    log = outbox.log.read_text()
    assert all(f"message {i}: ecall sent attempt 1 {SLUG} +41 79 *** ** 67 in " in log for i in ids)
    assert TO not in log and TO[1:] not in log and "ller" not in log and "secret" not in log


@pytest.mark.parametrize("name", ["ecall_https", "twilio", "kannel"])
def test_what_another_provider_accepted_is_what_the_row_says(outbox, name):
    provider = outbox.provider()
    outbox.dispatcher(provider.port)
    texts = ["Gr\u00fcezi {1} & \"Frau\" M\u00fcller?", "\u00e7a va \U0001f642", "a\nb + c%20d"]
    ids = [outbox.queue(1, text, provider=name)[0] for text in texts]
    rows = outbox.wait_status(ids, "sent")
    assert check_truth(outbox, provider, ids) == {"sent": 3}
    for row in rows.values():
        [took] = provider.accepted()[row["id"]]
        prefix = "00" if name == "ecall_https" else "+"
        assert (took["provider"], took["to"], took["from"]) == (name, prefix + TO[1:], prefix + "41790000001")
        assert took["text"] == row["body"]
        assert row["provider_id"] == (took["message_id"] if name == "twilio" else None)
    if name == "kannel":
        assert [provider.accepted()[i][0]["coding"] for i in ids] == ["0", "2", "0"]
    assert "secret" not in outbox.log.read_text() and TO[1:] not in outbox.log.read_text()


# text -> status that the row ends in, provider's part of its error, accepted at all
ENDINGS = {
    "[fault:refuse]": ("failed", "HTTP 400 InvalidContent", 0),
    "[fault:fail]": ("unknown", "HTTP 500", 0),
    "[fault:accept_fail]": ("unknown", "HTTP 500", 1),
    "[fault:reset_after_reading]": ("unknown", "", 0),
    "[fault:accept_reset]": ("unknown", "", 1),
    "[fault:close_after_reading]": ("unknown", "", 0),
    "[fault:garbage]": ("unknown", "HTTP 200 without", 0),
    "[fault:accept_garbage]": ("unknown", "HTTP 200 without", 1),
    "[fault:accept_cut]": ("unknown", "HTTP 201, then", 1),
    "[fault:accept_no_id]": ("sent", None, 1),
    "[fault:not_http]": ("unknown", "", 0),
    "[fault:accept_close]": ("sent", None, 1),
    "[fault:hang]": ("unknown", "", 0),
    "[fault:accept_hang]": ("unknown", "", 1),
    "[first:busy]": ("sent", None, 1),
}


def test_each_way_to_end_has_its_status(outbox):
    provider = outbox.provider()
    outbox.dispatcher(provider.port)
    ids = {text: outbox.queue(1, text)[0] for text in ENDINGS}
    # what hangs is given up after 30 s
    rows = outbox.wait_status(list(ids.values()), "sent", "failed", "unknown", seconds=60)
    accepted = provider.accepted()
    for text, (status, error, times) in ENDINGS.items():
        row = rows[ids[text]]
        assert row["status"] == status, (text, row)
        assert len(accepted[row["id"]]) == times, (text, row)
        assert row["attempts"] == (2 if "first" in text else 1), (text, row)
        if error is None:
            assert row["error"] is None, (text, row)
        else:
            assert error in row["error"], (text, row)
    assert "no such receiver" in rows[ids["[fault:refuse]"]]["error"]
    assert not outbox.said("no such receiver")


# where their answers differ from eCall's
OTHER_ENDINGS = {
    "ecall_https": {"[fault:accept_no_id]": ("unknown", "HTTP 202 without", 1), "[fault:refuse]": ("failed", "11100", 0),
                    "[fault:accept_cut]": ("unknown", "HTTP 200, then", 1)},
    "twilio": {"[fault:accept_no_id]": ("unknown", "HTTP 202 without", 1), "[fault:refuse]": ("failed", "21211", 0)},
    "kannel": {"[fault:accept_no_id]": ("unknown", "HTTP 202 accepted in words", 1),
               "[fault:refuse]": ("failed", "number denied", 0), "[fault:garbage]": ("unknown", "HTTP 200", 0),
               "[fault:accept_garbage]": ("unknown", "HTTP 200", 1), "[fault:accept_cut]": ("unknown", "HTTP 202, then", 1)},
}


@pytest.mark.parametrize("name", OTHER_ENDINGS)
def test_each_way_to_end_with_another_provider(outbox, name):
    provider = outbox.provider()
    outbox.dispatcher(provider.port)
    endings = {text: ending for text, ending in (ENDINGS | OTHER_ENDINGS[name]).items() if "hang" not in text}
    ids = {text: outbox.queue(1, text, provider=name)[0] for text in endings}
    rows = outbox.wait_status(list(ids.values()), "sent", "failed", "unknown", seconds=30)
    accepted = provider.accepted()
    for text, (status, error, times) in endings.items():
        row = rows[ids[text]]
        assert row["status"] == status, (text, row)
        assert len(accepted[row["id"]]) == times, (text, row)
        assert row["attempts"] == (2 if "first" in text else 1), (text, row)
        if "fault:accept]" in text or error is None:
            assert row["error"] is None, (text, row)
        else:
            assert error in row["error"], (text, row)


# ---- what became of the unknown ----------------------------------------------------------------------


def asked(outbox, ids, *wanted, seconds=60):
    """As if they had become unknown five minutes ago: they are asked about, until all are as wanted."""
    def settled():
        outbox.sql("update sms_log set status_at = least(status_at, clock_timestamp() - interval '5 minutes'), ask_at = null,"
                   " created_at = least(created_at, clock_timestamp() - interval '6 minutes')"
                   " where status = 'unknown' and asks < 5 and id = any (%s::uuid[])", ids)
        return all(row["status"] in wanted or row["asks"] >= 5 for row in outbox.rows(ids).values())
    wait_for(settled, seconds)
    return outbox.rows(ids)


def test_ecall_is_asked_by_our_id_and_what_it_never_had_is_sent_again(outbox):
    provider = outbox.provider()
    outbox.dispatcher(provider.port)
    texts = ["[fault:accept_reset]", "[fault:accept_garbage]", "[fault:accept_fail]", "[first:reset_after_reading]", "[first:fail]"]
    ids = [outbox.queue(1, text, provider="ecall_https")[0] for text in texts]
    outbox.wait_status(ids, "unknown")
    fresh = outbox.queue(1, "[fault:accept_reset]", provider="ecall_https")
    rows = asked(outbox, ids, "sent")
    assert [rows[i]["status"] for i in ids] == ["sent"] * 5
    assert [rows[i]["attempts"] for i in ids] == [1, 1, 1, 2, 2]
    assert check_truth(outbox, provider, ids) == {"sent": 5}
    events = outbox.sql("select event_type, count(*) from ticket_events group by 1")
    assert {e["event_type"]: e["count"] for e in events} == {"sms_unknown": 6, "sms_sent": 5}
    # its lease and its time-out are not over: it may still be on its way
    assert (outbox.row(fresh[0])["status"], outbox.row(fresh[0])["asks"]) == ("unknown", 0)


def test_ecall_rest_is_asked_by_its_own_id_where_it_gave_one(outbox):
    provider = outbox.provider()
    outbox.dispatcher(provider.port)
    ids = [outbox.queue(1, text)[0] for text in ("[fault:accept_odd]", "[fault:accept_reset]")]
    rows = outbox.wait_status(ids, "unknown")
    assert rows[ids[0]]["provider_id"] and not rows[ids[1]]["provider_id"]
    outbox.sql("update sms_log set status_at = status_at - interval '5 minutes'")
    outbox.wait_status(ids[:1], "sent")
    assert (outbox.row(ids[1])["status"], outbox.row(ids[1])["asks"]) == ("unknown", 0)
    assert check_truth(outbox, provider, ids) == {"sent": 1, "unknown": 1}


def test_twilio_is_asked_by_its_list_and_only_what_is_there_counts(outbox):
    provider = outbox.provider("--behind", "300")
    outbox.dispatcher(provider.port)
    there = outbox.queue(1, "[fault:accept_reset]", provider="twilio")
    absent = outbox.queue(1, "[fault:reset_after_reading]", provider="twilio")
    outbox.wait_status(there + absent, "unknown")
    rows = asked(outbox, there + absent, "sent")
    assert rows[there[0]]["status"] == "sent" and rows[there[0]]["provider_id"]
    assert rows[absent[0]]["status"] == "unknown"
    assert check_truth(outbox, provider, there + absent) == {"sent": 1, "unknown": 1}


def test_the_same_words_to_the_same_number_are_nobodys(outbox):
    provider = outbox.provider("--behind", "300")
    ids = outbox.queue(2, provider="twilio")
    outbox.sql("update sms_log set body = 'the same [fault:accept_reset]'")
    outbox.dispatcher(provider.port)
    outbox.wait_status(ids, "unknown")
    assert provider.count() == 2
    rows = asked(outbox, ids, "sent")
    assert [row["status"] for row in rows.values()] == ["unknown"] * 2
    assert outbox.said("two messages could be it")


def test_a_provider_that_does_not_answer_is_asked_ever_more_rarely(outbox):
    provider = outbox.provider("--deaf", "1")
    outbox.dispatcher(provider.port)
    ids = outbox.queue(1, "[fault:accept_reset]", provider="ecall_https")
    outbox.wait_status(ids, "unknown")
    outbox.sql("update sms_log set status_at = status_at - interval '5 minutes'")
    row = wait_for(lambda: (lambda r: r if r["asks"] == 1 else None)(outbox.row(ids[0])))
    assert (row["ask_at"] - row["status_at"]).total_seconds() > 300
    assert outbox.row(ids[0])["status"] == "unknown"


def test_a_person_says_what_became_of_it(outbox):
    provider = outbox.provider()
    outbox.dispatcher(provider.port)
    ids = [outbox.queue(1, text)[0] for text in ("[fault:accept_reset]", "[fault:reset_after_reading]", "[first:reset_after_reading]")]
    outbox.wait_status(ids, "unknown")
    for row_id, word in zip(ids, ("sent", "failed", "absent")):
        outbox.command("message", "resolve", row_id, word)
    rows = outbox.wait_status(ids, "sent", "failed")
    assert [rows[i]["status"] for i in ids] == ["sent", "failed", "sent"]
    assert check_truth(outbox, provider, ids) == {"sent": 2, "failed": 1}
    assert rows[ids[0]]["error"] == "resolved by hand: sent" and rows[ids[2]]["attempts"] == 2
    out = subprocess.run([PROGRAMS / "bin" / "opsfabric", "message", "resolve", ids[0], "absent"], env=outbox.environment(None),
                         capture_output=True, text=True)
    assert out.returncode == 1 and "the message is sent" in out.stderr
    assert outbox.row(ids[0])["status"] == "sent"


# ---- accounts of firms ------------------------------------------------------------------------------


KEY, NEXT_KEY = "0123456789abcdef" * 4, "fedcba9876543210" * 4
SECRETS = {"ecall": ("ecall.username", "ecall.password"), "ecall_https": ("ecall.username", "ecall.password"),
           "twilio": ("twilio.account_sid", "twilio.api_key_sid", "twilio.api_key_secret"),
           "kannel": ("kannel.username", "kannel.password")}


def seal(outbox, name, key=KEY):
    """The firm's own account, as its operator brings it in."""
    values = {"username": "firm", "password": "its own", "account_sid": "AC" + "1" * 32, "api_key_sid": "firm",
              "api_key_secret": "its own"}
    for secret in SECRETS[name]:
        outbox.command("secret", "set", "muster-ag", secret, stdin=values[secret.split(".")[1]] + "\n", SECRETS_KEY=key)


@pytest.mark.parametrize("name", SECRETS)
def test_a_firm_sends_with_its_own_account(outbox, name):
    provider = outbox.provider()
    seal(outbox, name)
    outbox.dispatcher(provider.port, SECRETS_KEY=KEY)
    ids = outbox.queue(3, provider=name)
    outbox.wait_status(ids, "sent")
    assert {provider.accepted()[i][0]["account"] for i in ids} == {"firm"}
    # another firm's messages, and this one's when it has none any more, go with the installation's
    for secret in SECRETS[name]:
        outbox.command("secret", "remove", "muster-ag", secret)
    ids = outbox.queue(3, provider=name)
    outbox.wait_status(ids, "sent")
    assert {provider.accepted()[i][0]["account"] for i in ids} == {"it"}
    assert "its own" not in outbox.log.read_text()


def test_an_account_that_does_not_open_sends_with_no_other(outbox):
    provider = outbox.provider()
    seal(outbox, "ecall")
    child = outbox.dispatcher(provider.port, SECRETS_KEY=NEXT_KEY)
    ids = outbox.queue(2)
    wait_for(lambda: all(row["attempts"] and row["status"] == "queued" for row in outbox.rows(ids).values()))
    assert "does not open with SECRETS_KEY" in outbox.row(ids[0])["error"] and outbox.said("error: message")
    child.terminate()
    child.wait(60)
    assert provider.count() == 0
    # while the key is changed both open it, and afterwards the new one alone
    keys = {"SECRETS_KEY": NEXT_KEY, "SECRETS_KEY_OLD": KEY}
    outbox.dispatcher(provider.port, **keys)
    outbox.wait_status(ids, "sent")
    assert outbox.command("secret", "rotate", **keys).startswith("2 secrets are sealed")
    outbox.command("secret", "rotate", **keys)
    outbox.dispatcher(provider.port, SECRETS_KEY=NEXT_KEY)
    ids += outbox.queue(20)
    outbox.wait_status(ids, "sent")
    assert {provider.accepted()[i][0]["account"] for i in ids} == {"firm"}


def test_a_box_of_another_firm_opens_for_nobody(outbox):
    provider = outbox.provider()
    seal(outbox, "ecall")
    outbox.sql("update secrets s set sealed = o.sealed from secrets o where s.name = 'ecall.password' and o.name = 'ecall.username'")
    outbox.dispatcher(provider.port, SECRETS_KEY=KEY)
    [row_id] = outbox.queue()
    wait_for(lambda: outbox.row(row_id)["attempts"] >= 1 and outbox.row(row_id)["status"] == "queued")
    assert provider.count() == 0


# ---- providers side by side ----------------------------------------------------------------------


def test_one_that_is_slow_or_away_holds_up_nobody_else(outbox):
    provider = outbox.provider()
    outbox.dispatcher(provider.port, KANNEL_URL="http://127.0.0.1:1/cgi-bin/sendsms")
    slow = outbox.queue(150, "[fault:wait]", provider="twilio")
    away = outbox.queue(150, provider="kannel")
    # as many as it may have at a time, and no more
    wait_for(lambda: provider.count() == 100)
    # nobody is there: not each of them has to try
    wait_for(lambda: outbox.said("kannel cannot be reached"))
    ids = outbox.queue(300) + outbox.queue(300, provider="console")
    # before anybody's time is up
    outbox.wait_status(ids, "sent", seconds=25)
    statuses = collections.Counter(row["status"] for row in outbox.rows(slow).values())
    assert statuses == {"sending": 100, "queued": 50}
    provider.release()
    wait_for(lambda: provider.count() == 450)
    provider.release()
    outbox.wait_status(slow, "sent")
    assert check_truth(outbox, provider, slow) == {"sent": 150}


def test_a_provider_without_settings_loses_no_message(outbox):
    provider = outbox.provider()
    child = outbox.dispatcher(provider.port, TWILIO_ACCOUNT_SID="", KANNEL_URL="http://10.0.0.1/cgi-bin/sendsms")
    twilio, kannel = outbox.queue(provider="twilio"), outbox.queue(provider="kannel")
    outbox.wait_status(outbox.queue(), "sent")
    wait_for(lambda: all(row["attempts"] and row["status"] == "queued" for row in outbox.rows(twilio + kannel).values()))
    assert "TWILIO_ACCOUNT_SID" in outbox.row(twilio[0])["error"]
    assert "KANNEL_URL" in outbox.row(kannel[0])["error"]
    assert outbox.said("error: message")
    child.terminate()
    child.wait(60)
    outbox.dispatcher(provider.port)
    outbox.wait_status(twilio + kannel, "sent")


def test_nothing_leaves_while_the_clock_is_moved(outbox):
    """The firm's own provider, in an installation that tries things out with the console."""
    provider = outbox.provider()
    outbox.move_clock(1)
    outbox.dispatcher(provider.port, SMS_PROVIDER="console")
    real = outbox.queue(3, provider="twilio", lives="1 day")
    outbox.wait_status(outbox.queue(3, provider="console", lives="1 day"), "sent")
    assert {(row["status"], row["attempts"]) for row in outbox.rows(real).values()} == {("queued", 0)}
    (outbox.home / "clock").unlink()
    outbox.wait_status(real, "sent")
    assert check_truth(outbox, provider, real) == {"sent": 3}


def test_too_many_requests_waits_as_long_as_it_was_told(outbox):
    provider = outbox.provider()
    outbox.dispatcher(provider.port)
    [row_id] = outbox.queue(1, "[first:busy]")
    row = wait_for(lambda: (lambda r: r if r["attempts"] == 1 and r["status"] == "queued" else None)(outbox.row(row_id)))
    assert (row["not_before"] - row["created_at"]).total_seconds() >= 1
    assert outbox.wait_status([row_id], "sent")[row_id]["attempts"] == 2


def test_wrong_credentials_burn_no_message(outbox):
    provider = outbox.provider()
    child = outbox.dispatcher(provider.port, ECALL_PASSWORD="wrong")
    [row_id] = outbox.queue()
    wait_for(lambda: outbox.row(row_id)["attempts"] >= 2 and outbox.row(row_id)["status"] == "queued")
    assert outbox.row(row_id)["error"].startswith("HTTP 401")
    assert outbox.said("error: message")
    child.terminate()
    child.wait(60)
    outbox.dispatcher(provider.port)
    outbox.wait_status([row_id], "sent")
    assert check_truth(outbox, provider, [row_id]) == {"sent": 1}


def test_a_provider_that_is_away_gets_it_when_it_is_back(outbox):
    first = outbox.provider()
    port = first.port
    first.stop()
    outbox.providers.remove(first)
    outbox.dispatcher(port)
    ids = outbox.queue(5)
    wait_for(lambda: all(r["attempts"] >= 2 for r in outbox.rows(ids).values()))
    assert all(r["status"] in ("queued", "sending") for r in outbox.rows(ids).values())
    provider = outbox.provider(port=port)
    outbox.wait_status(ids, "sent")
    assert check_truth(outbox, provider, ids) == {"sent": 5}


def test_a_provider_that_is_away_is_not_stormed(outbox):
    first = outbox.provider()
    port = first.port
    first.stop()
    outbox.providers.remove(first)
    outbox.dispatcher(port)
    ids = outbox.queue(1000)
    wait_for(lambda: outbox.said("ecall cannot be reached"))
    began = time.monotonic()
    tried = sum(row["attempts"] for row in outbox.rows(ids).values())
    wait_for(lambda: time.monotonic() - began > 5, 10)
    again = sum(row["attempts"] for row in outbox.rows(ids).values())
    # the first hundred at once, then one after 1, 2, 4 seconds
    assert again - tried <= 5 and again <= 210, (tried, again)
    provider = outbox.provider(port=port)
    outbox.wait_status(ids, "sent", seconds=60)
    assert outbox.said("ecall is reached again")
    assert check_truth(outbox, provider, ids) == {"sent": 1000}


def test_a_kept_connection_that_dies_is_not_asked_twice(outbox):
    """libcurl by itself would write the request again, on a new connection."""
    provider = outbox.provider()
    outbox.dispatcher(provider.port)
    wait_for((outbox.home / "run" / "dispatcher.sock").exists)
    for _ in range(5):
        first = outbox.queue(1, "[fault:drop_kept]")
        outbox.wake()
        outbox.wait_status(first, "sent")
        second = outbox.queue(1, "[fault:drop_kept]")
        outbox.wake()
        outbox.wait_status(second, "unknown")
        assert check_truth(outbox, provider, first + second) == {"sent": 1, "unknown": 1}
        assert len(provider.accepted()[second[0]]) == 1


# ---- time --------------------------------------------------------------------------------------


def test_not_before_and_expires_at(outbox):
    provider = outbox.provider()
    [late] = outbox.queue(1, lives="-1 s", after="-1 h")
    [early] = outbox.queue(1, after="2 s")
    [far] = outbox.queue(1, after="1 h", lives="2 h")
    # certainly not accepted, and the next attempt would come too late
    [hopeless] = outbox.queue(1, "[fault:busy]", lives="1.5 s")
    outbox.dispatcher(provider.port)
    rows = outbox.wait_status([late, early, hopeless], "sent", "expired")
    assert rows[late]["status"] == "expired" and rows[late]["attempts"] == 0
    assert rows[hopeless]["status"] == "expired"
    assert rows[early]["status"] == "sent" and rows[early]["status_at"] >= rows[early]["not_before"]
    assert outbox.row(far)["status"] == "queued"
    assert check_truth(outbox, provider, [late, early, hopeless]) == {"sent": 1, "expired": 2}


def test_a_datagram_is_faster_than_the_second(outbox):
    provider = outbox.provider()
    outbox.dispatcher(provider.port)
    wait_for((outbox.home / "run" / "dispatcher.sock").exists)
    outbox.wait_status(outbox.queue(), "sent")

    def takes():
        begun = time.monotonic()
        ids = outbox.queue()
        outbox.wake()
        outbox.wait_status(ids, "sent")
        return time.monotonic() - begun

    # Looking every second finds each almost a second after the one before, however often; a busy machine is not busy each time.
    takes()
    wait_for(lambda: takes() < 0.5, what="one that is found at once")


def test_a_clock_that_jumps_sends_nothing_twice(outbox):
    outbox.dispatcher()
    outbox.dispatcher()
    ids = outbox.queue(3000, provider="console", lives="30 days", after="-1 day")
    file = outbox.home / "log" / "messages.jsonl"
    for hours in (8, 0, 16, 2, 24, 1):
        seen = file.read_bytes().count(b"\n") if file.exists() else 0
        wait_for(lambda: file.exists() and file.read_bytes().count(b"\n") >= min(3000, seen + 300))
        outbox.move_clock(hours)
    outbox.wait_status(ids, "sent", seconds=60)
    lines = [json.loads(line)["id"] for line in file.read_text().splitlines()]
    assert sorted(lines) == sorted(ids)


def test_a_moved_clock_ends_a_dispatcher_of_a_real_provider(outbox):
    provider = outbox.provider()
    child = outbox.dispatcher(provider.port)
    held = outbox.queue(3, "[fault:wait]")
    wait_for(lambda: provider.count() == 3)
    outbox.move_clock(8)
    wait_for(lambda: outbox.said("the clock is moved"))
    provider.release()
    assert child.wait(30) == 1
    outbox.wait_status(held, "sent")
    assert outbox.dispatcher(provider.port).wait(30) == 1
    assert check_truth(outbox, provider, held) == {"sent": 3}


# ---- several, and ends ----------------------------------------------------------------------------


def test_three_side_by_side_never_send_twice(outbox):
    provider = outbox.provider("--delay", "0.01")
    children = [outbox.dispatcher(provider.port) for _ in range(3)]
    wait_for(lambda: len(outbox.sql("select 1 as one from pg_stat_activity where application_name = 'dispatcher'")) == 3, what="all three")
    ids = outbox.queue(1500)
    outbox.wait_status(ids, "sent", seconds=60)
    assert check_truth(outbox, provider, ids) == {"sent": 1500}
    assert provider.count() == 1500
    log = outbox.log.read_text()
    assert sum(f"dispatcher[{child.pid}]: info: message" in log for child in children) >= 2


def test_the_socket_of_a_killed_dispatcher_is_taken_over_and_a_living_one_keeps_its_own(outbox):
    path = outbox.home / "run" / "dispatcher.sock"
    provider = outbox.provider()
    owner = outbox.dispatcher(provider.port)
    wait_for(path.exists)
    made = path.stat().st_ctime_ns      # inode numbers are used again
    outbox.dispatcher(provider.port)
    outbox.wait_status(outbox.queue(200), "sent")
    assert path.stat().st_ctime_ns == made
    owner.kill()
    owner.wait(60)
    wait_for(lambda: path.exists() and path.stat().st_ctime_ns != made, what="the other to take the socket over")
    outbox.wake()
    outbox.wait_status(outbox.queue(), "sent")


def test_sigterm_finishes_what_is_under_way_and_begins_nothing(outbox):
    provider = outbox.provider()
    child = outbox.dispatcher(provider.port)
    held = outbox.queue(10, "[fault:wait]")
    wait_for(lambda: provider.count() == 10)
    child.terminate()
    wait_for(lambda: outbox.said("finishing what is under way"))
    later = outbox.queue(5)
    outbox.wake()
    assert child.poll() is None
    provider.release()
    assert child.wait(30) == 0
    assert {row["status"] for row in outbox.rows(held).values()} == {"sent"}
    assert {row["status"] for row in outbox.rows(later).values()} == {"queued"}
    assert not (outbox.home / "run" / "dispatcher.sock").exists()
    assert check_truth(outbox, provider, held) == {"sent": 10}


def test_a_late_outcome_counts_for_its_attempt(outbox):
    """A dispatcher that was stopped for longer than its lease."""
    provider = outbox.provider()
    sleeper = outbox.dispatcher(provider.port)
    ids = outbox.queue(3, "[fault:wait]")
    wait_for(lambda: provider.count() == 3)
    sleeper.send_signal(signal.SIGSTOP)
    provider.release()
    outbox.sql("update sms_log set claimed_until = clock_timestamp() where status = 'sending'")
    outbox.dispatcher(provider.port)
    outbox.wait_status(ids, "unknown")
    sleeper.send_signal(signal.SIGCONT)
    rows = outbox.wait_status(ids, "sent")
    assert all(row["attempts"] == 1 and row["provider_id"] for row in rows.values())
    assert check_truth(outbox, provider, ids) == {"sent": 3}


def test_postgres_goes_away_while_messages_are_under_way(outbox, cluster):
    provider = outbox.provider()
    cluster.stop()
    child = outbox.dispatcher(provider.port)
    wait_for(lambda: outbox.said("cannot connect"))
    cluster.start()
    held = outbox.queue(10, "[fault:wait]")
    wait_for(lambda: provider.count() == 10)
    cluster.stop()
    provider.release()
    wait_for(lambda: all(outbox.said(f"message {row_id}: ecall sent") for row_id in held))
    # stays, and keeps what it knows
    assert child.poll() is None
    cluster.start()
    outbox.wait_status(held, "sent")
    later = outbox.queue(10)
    outbox.wait_status(later, "sent")
    assert check_truth(outbox, provider, held + later) == {"sent": 20}


@pytest.mark.parametrize("statement", ["message_claim", "message_outcome"])
def test_a_commit_whose_answer_is_lost(outbox, wire, statement):
    """What was claimed but never begun goes back; an outcome is written again and changes nothing."""
    provider = outbox.provider()
    held = outbox.queue(2, "[fault:wait]")
    child = outbox.dispatcher(
        provider.port, DATABASE_SERVICE_URL=f"postgresql://opsfabric_service@/opsfabric?host={wire.host}")
    wait_for(lambda: provider.count() == 2)
    wire.lose[statement] = 2
    ids = outbox.queue(20)
    rows = outbox.wait_status(ids, "sent")
    wait_for(lambda: wire.lose[statement] == 0)
    assert {row["attempts"] for row in rows.values()} == {3 if statement == "message_claim" else 1}
    # what was under way all the time was not touched
    assert {row["status"] for row in outbox.rows(held).values()} == {"sending"}
    provider.release()
    outbox.wait_status(held, "sent")
    assert check_truth(outbox, provider, ids + held) == {"sent": 22}
    assert provider.count() == 22
    assert len(outbox.sql("select 1 as one from ticket_events where event_type = 'sms_sent'")) == 22
    child.terminate()
    assert child.wait(30) == 0


def test_connections_that_end_at_any_moment_leave_no_row_behind(outbox):
    provider = outbox.provider("--delay", "0.005")
    for _ in range(2):
        outbox.dispatcher(provider.port)
    ids = outbox.queue(4000)
    for _ in range(4 * ROUNDS):
        count = provider.count()
        outbox.sql("select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'dispatcher'")
        wait_for(lambda: provider.count() > count or count == 4000)
    outbox.wait_status(ids, "sent", seconds=90)
    assert check_truth(outbox, provider, ids) == {"sent": 4000}
    assert provider.count() == 4000


def test_killed_at_any_moment_nothing_goes_twice_and_nothing_is_lost(outbox):
    faults = ("accept=60,accept_close=6,refuse=6,busy=6,fail=3,accept_fail=3,reset_after_reading=3,accept_reset=3,"
              "garbage=2,accept_garbage=2,accept_cut=2,accept_no_id=2,not_http=1,drop_kept=6")
    provider = outbox.provider("--delay", "0.05", "--reset", "0.02", "--faults", faults)
    children = [outbox.dispatcher(provider.port) for _ in range(3)]
    ids = []
    for _ in range(ROUNDS):
        ids += outbox.queue(150)
        count = provider.count()
        wait_for(lambda: provider.count() >= count + random.randrange(1, 60), 60)
        victim = random.randrange(3)
        children[victim].kill()
        children[victim].wait(60)
        children[victim] = outbox.dispatcher(provider.port)
    # All leases end, those of the living too: their late outcomes count.
    outbox.sql("update sms_log set claimed_until = clock_timestamp() where status = 'sending'")
    outbox.wait_status(ids, "sent", "failed", "unknown", "expired", seconds=120)
    counts = check_truth(outbox, provider, ids)
    assert counts["sent"] > len(ids) / 4, counts        # each kill leaves what was under way unknown


# ---- beginnings ----------------------------------------------------------------------------------


@pytest.mark.parametrize("changes, words", [
    (dict(SMS_PROVIDER="ecall"), "ECALL_USERNAME must be set"),
    (dict(SMS_PROVIDER="ecall", ECALL_USERNAME="it"), "ECALL_PASSWORD must be set"),
    (dict(SMS_PROVIDER="ecall", ECALL_USERNAME="it", ECALL_PASSWORD="x", ECALL_NUMBER_PREFIX="0"), "ECALL_NUMBER_PREFIX"),
    (dict(SMS_PROVIDER="pigeon"), "pigeon"),
    (dict(DATABASE_SERVICE_URL=""), "DATABASE_SERVICE_URL is not set"),
])
def test_refuses_to_start(outbox, changes, words):
    assert outbox.dispatcher(**changes).wait(30) == 1
    assert outbox.said(words), outbox.log.read_text()


@pytest.mark.parametrize("role", ["postgres", "opsfabric_owner"])
def test_refuses_a_role_that_row_level_security_does_not_bind(outbox, cluster, role):
    assert outbox.dispatcher(DATABASE_SERVICE_URL=cluster.url(role)).wait(30) == 1
    assert outbox.said(f"role {role}"), outbox.log.read_text()
