"""opsfabric inbound poll: what eCall keeps in its cache is fetched, taken once whichever way it came, and deleted there"""

import http.server
import json
import os
import subprocess
import threading
import urllib.parse
from xml.sax.saxutils import escape

import pytest

from tests.support.stack import landline, mobile, wait_for

TEXT = "/api/webhook/sms-reply"
ROUNDS = int(os.environ.get("OPSFABRIC_TEST_ROUNDS", "5"))
SPACE = "http://schemas.datacontract.org/2004/07/eCallHttp.Models"


class Cache:
    """eCall's cache on a loopback port: texts, and what goes wrong with them."""

    def __init__(self):
        self.texts, self.calls, self.fault = [], [], None
        self.form_feed = "\f"           # how it is written
        cache = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                form = dict(urllib.parse.parse_qsl(self.rfile.read(int(self.headers["Content-Length"])).decode()))
                cache.calls.append((self.path, form))
                body = cache.answer(self.path, form).encode()
                if cache.fault == "reset":
                    self.connection.close()
                    return
                self.send_response(500 if cache.fault == "garbage" else 200)
                self.send_header("Content-Type", "text/xml; charset=utf-8")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def answer(self, path, form):
        if self.fault == "garbage":
            return "<html>Sorry"
        if (form.get("UserName"), form.get("Password")) != ("user", "geheim"):
            return self.result(11001, "PermissionDenied")
        if path == "/Api/Cache/DeleteMessage":
            if self.fault == "undeletable":
                return self.result(0, "OK")
            if self.fault == "delete refused":
                return self.result(11700, "data read error")
            if form["MessageID"] not in {t["id"] for t in self.texts}:
                return self.result(11502, "unknown id")
            self.texts = [t for t in self.texts if t["id"] != form["MessageID"]]
            return self.result(0, "OK")
        assert path == "/Api/Cache/GetNextMessage", path
        waiting = [t for t in self.texts if form.get("MobileNumber") in (None, t["to"])]
        if not waiting:
            return f'<IncomingSMS xmlns="{SPACE}">{self.inner(11204, "Cache empty")}</IncomingSMS>'
        t = waiting[0]
        return (
            f'<?xml version="1.0" encoding="utf-8"?><IncomingSMS xmlns="{SPACE}">{self.inner(0, "OK")}<MessageID>{t["id"]}</MessageID>'
            f'<SMS><Message>{escape(t["text"]).replace(chr(12), self.form_feed)}</Message><AddressTo>{t["to"]}</AddressTo><AddressFrom>{t["from"]}</AddressFrom>'
            f'<TimeStamp>{t["time"]}</TimeStamp></SMS></IncomingSMS>')

    @staticmethod
    def inner(code, text):
        return f"<Result><ResultCode>{code}</ResultCode><ResultText>{text}</ResultText></Result>"

    def result(self, code, text):
        return f'<Result xmlns="{SPACE}"><ResultCode>{code}</ResultCode><ResultText>{text}</ResultText></Result>'

    def add(self, sender, to, text, time="26.11.2026 10:33:09"):
        self.texts.append({"id": f"m{len(self.calls)}-{len(self.texts)}-{sender}", "from": "00" + sender[1:], "to": "00" + to[1:], "text": text, "time": time})


@pytest.fixture
def cache():
    made = Cache()
    yield made
    made.server.shutdown()
    made.server.server_close()


@pytest.fixture(scope="module")
def firm(stack):
    return stack.tenant(daily_segments=100000)


def command(stack, cache, *args, **env):
    return {
        "args": [stack.state / "programs" / "bin" / "opsfabric", "inbound", "poll", *args],
        "env": {**stack.env, "ECALL_HTTPS_URL": cache.url, "ECALL_USERNAME": "user", "ECALL_PASSWORD": "geheim", **env},
    }


@pytest.fixture
def poll(stack, cache):
    def run(*args, **env):
        return subprocess.run(**command(stack, cache, *args, **env), capture_output=True, text=True, timeout=60)

    return run


def inbound_texts(firm, sender):
    return [r["body"] for r in firm.stack.sql(
        "select body from sms_log where customer_id = %s and direction = 'inbound' and from_number = %s order by created_at, id", firm.id, sender)]


def test_what_is_cached_is_taken_and_deleted(firm, cache, poll):
    senders = [mobile() for _ in range(3)]
    for sender, text in zip(senders, ["1", "Grüezi & «bis» <morgen> 💧", "2"]):
        cache.add(sender, firm.sms_number, text)
    out = poll("--json")
    assert out.returncode == 0 and json.loads(out.stdout) == {"fetched": 3}, out.stderr
    assert cache.texts == [] and [inbound_texts(firm, s) for s in senders] == [["1"], ["Grüezi & «bis» <morgen> 💧"], ["2"]]
    assert firm.tickets(senders[0])[0]["urgency"] == "HIGH" and firm.tickets(senders[2])[0]["status"] == "NEEDS_CALLBACK"
    wait_for(lambda: firm.stack.messages(senders[0]), what="the answer to the first")
    assert poll().stdout == "0 fetched\n"
    beat = firm.stack.one("select count(*) from heartbeats where job = 'inbound-poll' and last_success_at > now() - interval '1 minute'")
    assert beat["count"] == 1
    assert all("geheim" not in path for path, _ in cache.calls)


@pytest.mark.parametrize("time", ["26.11.2026 10:33:09", "2026-11-26T10:33:09", "2026-11-26T10:33:09.123+01:00"])
@pytest.mark.parametrize("first", ["callback", "cache"])
def test_a_text_that_comes_both_ways_is_taken_once(firm, cache, poll, first, time):
    sender, text = mobile(), "Es tropft noch immer – übel"
    cache.add(sender, firm.sms_number, text, time)
    fields = {"Function": "Answer", "AddressFrom": "00" + sender[1:], "AddressTo": "00" + firm.sms_number[1:], "Message": text,
              "TimeStamp": "26.11.2026 10:33:09", "JobID": "7"}
    query = urllib.parse.urlencode(fields, encoding="cp1252")
    if first == "cache":
        assert poll().returncode == 0
    assert firm.stack.get(f"{TEXT}/ecall?{query}").status_code == 200
    assert poll().returncode == 0
    assert inbound_texts(firm, sender) == [text] and cache.texts == []


def test_only_the_texts_of_one_number(firm, cache, poll):
    other = firm.stack.tenant()
    mine, others = mobile(), mobile()
    cache.add(others, other.sms_number, "1")
    cache.add(mine, firm.sms_number, "1")
    assert poll("--number", "00" + firm.sms_number[1:]).stdout == "1 fetched\n"
    assert inbound_texts(firm, mine) == ["1"] and len(cache.texts) == 1


def test_what_is_nobodys_is_kept_and_deleted(stack, firm, cache, poll):
    sender = mobile()
    cache.add(sender, landline(), "1")
    assert poll().returncode == 0 and cache.texts == []
    row = stack.one("select id, verified, outcome from inbound_events where customer_id is null and strpos(raw, %s) > 0", "00" + sender[1:])
    assert (row["verified"], row["outcome"]) == (True, "unmatched")
    stack.command("inbound", "release", str(row["id"]), "--tenant", firm.slug)
    assert inbound_texts(firm, sender) == ["1"]


@pytest.mark.parametrize("fault, code, word", [
    ("garbage", 4, "without XML"), ("reset", 4, "eCall"), ("delete refused", 1, "11700"), ("undeletable", 1, "again"),
])
def test_what_goes_wrong_loses_and_repeats_nothing(firm, cache, poll, fault, code, word):
    sender = mobile()
    cache.add(sender, firm.sms_number, "Bitte anrufen")
    cache.fault = fault
    out = poll()
    assert out.returncode == code and word in out.stderr, (out.stdout, out.stderr)
    assert len(cache.texts) == 1
    cache.fault = None
    assert poll().returncode == 0 and cache.texts == []
    assert inbound_texts(firm, sender) == ["Bitte anrufen"]


@pytest.mark.parametrize("form_feed", ["\f", "&#xC;", "&#12;", "\ufffe", "&#xFFFE;", "&#xD800;", "&#0;"])
def test_a_character_that_xml_does_not_have_holds_up_nobody(firm, cache, poll, form_feed):
    cache.form_feed = form_feed
    first, second = mobile(), mobile()
    cache.add(first, firm.sms_number, "Wasser &#12;\fim Keller")
    cache.add(second, firm.sms_number, "1")
    out = poll()
    assert out.returncode == 0 and cache.texts == [], out.stderr
    assert (inbound_texts(firm, first), inbound_texts(firm, second)) == (["Wasser &#12; im Keller"], ["1"])


def test_killed_at_any_moment_and_two_at_once_nothing_is_lost_and_nothing_doubled(stack, firm, cache, poll):
    sender, count, kills = mobile(), 6 * ROUNDS, 0
    for n in range(count):
        cache.add(sender, firm.sms_number, f"Text {n}", f"26.11.2026 10:{n // 60:02d}:{n % 60:02d}")
    while cache.texts or kills < ROUNDS:
        if not cache.texts:
            cache.add(sender, firm.sms_number, f"Text {count}", f"26.11.2026 11:00:{count % 60:02d}")
            count += 1
        before = len(cache.calls)
        two = [subprocess.Popen(**command(stack, cache), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) for _ in range(2)]
        # Each pair a call later than the one before: while it asks, takes, or deletes.
        wait_for(lambda: len(cache.calls) > before + kills % 7 or not cache.texts, what="the runs to begin")
        for process in two:
            process.kill()
            process.wait(120)
        kills += 1
    assert poll().stdout == "0 fetched\n"
    assert sorted(inbound_texts(firm, sender)) == sorted(f"Text {n}" for n in range(count))
    assert len(firm.tickets(sender)) == 1 and kills >= ROUNDS


def test_wrong_credentials_are_said(cache, poll):
    out = poll(ECALL_PASSWORD="falsch")
    assert out.returncode == 1 and "11001" in out.stderr and "falsch" not in out.stderr
    assert poll(ECALL_USERNAME="").returncode == 1
    assert poll(ECALL_HTTPS_URL="http://127.0.0.1:1/").returncode == 4


def test_while_the_database_is_away_nothing_is_deleted(firm, cache, poll, tmp_path):
    sender = mobile()
    cache.add(sender, firm.sms_number, "1")
    assert poll(DATABASE_URL=f"postgresql://opsfabric_web@/opsfabric?host={tmp_path}").returncode == 4
    assert len(cache.texts) == 1
    assert poll().returncode == 0 and inbound_texts(firm, sender) == ["1"]
