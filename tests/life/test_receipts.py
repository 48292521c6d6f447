"""Receipts of a real dispatcher's messages: faster than the answer, after its death, by whoever is believed"""

import base64
import concurrent.futures
import hmac
import signal
import subprocess
import sys

import pytest

from tests.support import problems
from tests.support.processes import Processes, kill
from tests.support.stack import ROOT, Stack, json_lines, mobile, wait_for

TOKEN = "receipts-token-of-this-test"
AUTH_TOKEN = "0123456789abcdef0123456789abcdef"


class Simulator:
    """Accepts at once, answers when it is told to."""

    def __init__(self, home):
        self.accepted_file = home / "accepted"
        self.process = subprocess.Popen(
            [sys.executable, ROOT / "tests/support/provider_simulator.py", "--accepted", self.accepted_file, "--user", "it:secret",
             "--faults", "wait=1"], stdout=subprocess.PIPE, text=True)
        self.port = int(self.process.stdout.readline())

    def accepted(self, phone):
        """The ids that it has for messages to that phone."""
        return [m["message_id"] for m in json_lines(self.accepted_file) if m["to"].endswith(phone[1:])]

    def answer(self):
        self.process.send_signal(signal.SIGUSR1)

    def stop(self):
        self.process.terminate()
        self.process.wait(120)
        self.process.stdout.close()


@pytest.fixture(scope="module")
def ecall(private_dir):
    made = Simulator(private_dir)
    yield made
    made.stop()


@pytest.fixture(scope="module")
def installation(private_dir, ecall):
    running = Stack.start(
        private_dir / "of", WEBHOOK_TOKEN=TOKEN, TWILIO_AUTH_TOKEN=AUTH_TOKEN, SMS_PROVIDER="ecall", ECALL_USERNAME="it", ECALL_PASSWORD="secret",
        ECALL_URL=f"http://127.0.0.1:{ecall.port}/api/message")
    yield running
    running.stop()


@pytest.fixture(scope="module")
def firm(installation):
    return installation.tenant(daily_segments=10000)


@pytest.fixture
def sending(firm, ecall):
    """A message that eCall has and has not answered: (phone, ticket, row, eCall's id)."""
    phone = mobile()
    ticket = firm.ticket(phone).json()["ticket_id"]
    (their_id,) = wait_for(lambda: ecall.accepted(phone), what="eCall to accept")
    (row,) = firm.outbound(phone)
    assert row["status"] == "sending"
    return phone, ticket, row, their_id


def receipt(stack, token=TOKEN, dialect="ecall", **fields):
    return stack.get(f"/api/webhook/sms-status/{dialect}/{token}", params={"Function": "Notification", **fields})


def status(firm, phone):
    return firm.outbound(phone)[0]["status"]


def sms_events(firm, ticket):
    return [e["event_type"] for e in firm.events(ticket) if e["event_type"].startswith("sms_")]


def parked(stack, their_id):
    return [e["outcome"] for e in stack.sql("select * from inbound_events where event_id like %s order by received_at", f"% {their_id}")]


def test_receipts_are_faster_than_the_answer(installation, firm, ecall, sending):
    phone, ticket, _, their_id = sending
    with concurrent.futures.ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(
            lambda code: receipt(installation, TOKEN, "generic", provider="ecall", provider_id=their_id, status=code).json(),
            ["delivered", "sent"] * 50))
    assert all(a == {"status": "kept", "message": None} for a in answers)
    assert sorted(parked(installation, their_id)) == ["parked", "parked"]
    assert status(firm, phone) == "sending"
    ecall.answer()
    wait_for(lambda: status(firm, phone) == "delivered", what="what had been said before")
    assert sms_events(firm, ticket) == ["sms_sent", "sms_delivered"]
    assert parked(installation, their_id) == ["matched", "matched"]
    answer = receipt(installation, dialect="generic", provider="ecall", provider_id=their_id, status="delivered")
    assert answer.json() == {"status": "unchanged", "message": "delivered"}


def test_receipts_and_the_answer_at_the_same_time(installation, firm, ecall):
    """Whoever is first, none is lost and none is applied twice."""
    phones = [mobile() for _ in range(30)]
    with concurrent.futures.ThreadPoolExecutor(10) as pool:
        tickets = list(pool.map(lambda p: firm.ticket(p).json()["ticket_id"], phones))
        wait_for(lambda: all(ecall.accepted(p) for p in phones), what="eCall to accept")
        ids = [ecall.accepted(p)[0] for p in phones]
        ecall.answer()
        answers = list(pool.map(
            lambda i: receipt(installation, dialect="generic", provider="ecall", provider_id=i, status="delivered").json()["status"], ids))
    assert set(answers) <= {"kept", "applied"}
    wait_for(lambda: all(status(firm, p) == "delivered" for p in phones), what="all to be delivered")
    for ticket in tickets:
        assert sms_events(firm, ticket) == ["sms_sent", "sms_delivered"]


def test_the_dispatcher_dies_between_receipt_and_answer(installation, firm, ecall, sending):
    phone, ticket, row, their_id = sending
    assert receipt(installation, dialect="generic", provider="ecall", provider_id=their_id, status="delivered").json()["status"] == "kept"
    processes = Processes(installation)
    (pid,) = processes.pids("dispatcher")
    assert kill(pid)
    ecall.answer()
    processes.wait_running("dispatcher", other_than=[pid])
    # Its lease is over: what became of the message nobody knows, and nobody sends it again.
    installation.sql("update sms_log set claimed_until = now() - interval '1 second' where id = %s", row["id"])
    wait_for(lambda: status(firm, phone) == "unknown", what="the lease to end")
    assert parked(installation, their_id) == ["parked"]
    # A receipt that names our id stores eCall's, and with it comes what was said before.
    answer = receipt(installation, dialect="generic", provider="ecall", provider_id=their_id, id=row["id"], status="sent")
    assert answer.json()["status"] == "applied"
    assert status(firm, phone) == "delivered" and ecall.accepted(phone) == [their_id]
    assert sms_events(firm, ticket) == ["sms_unknown", "sms_sent", "sms_delivered"]
    assert parked(installation, their_id) == ["matched"]


def test_a_receipt_by_our_id_ends_the_doubt(installation, firm, ecall, sending):
    phone, ticket, row, their_id = sending
    assert receipt(installation, JobID=row["id"], ResultCode="0", ResultText="OK", Number="00" + phone[1:]).content == b""
    assert status(firm, phone) == "delivered"
    ecall.answer()
    wait_for(lambda: firm.outbound(phone)[0]["provider_id"] == their_id, what="the answer to add its id")
    assert status(firm, phone) == "delivered" and sms_events(firm, ticket) == ["sms_delivered"]


def test_who_is_believed(installation, firm, ecall, sending):
    phone, _, row, their_id = sending
    ecall.answer()
    wait_for(lambda: status(firm, phone) == "sent", what="the answer")
    for token in ("wrong", TOKEN[:-1], TOKEN + "x"):
        problems.check(receipt(installation, token, JobID=row["id"], ResultCode="2"), "unverified", route="sms_status")
    # No console, so nobody is believed without a word.
    answer = installation.get("/api/webhook/sms-status/generic", params={"id": row["id"], "status": "failed"})
    problems.check(answer, "unverified", route="sms_status")
    assert status(firm, phone) == "sent"
    kept = installation.sql("select * from inbound_events where not verified and raw like %s", f"%{row['id']}%")
    assert {(k["outcome"], k["customer_id"]) for k in kept} == {("wrong_token", None), ("no_credential", None)}
    assert all(TOKEN not in k["raw"] and "wrong" not in k["raw"] for k in kept)
    # A Bearer token and the password of Basic do as well.
    answer = installation.get(
        "/api/webhook/sms-status/generic", params={"provider_id": their_id, "provider": "ecall", "status": "delivered"}, auth=("x", TOKEN))
    assert answer.json() == {"status": "applied", "message": "delivered"}


def test_twilio_is_known_by_its_signature(installation, firm, ecall, sending):
    """One address for the whole account: the message is found by Twilio's id."""
    phone, _, row, _ = sending
    ecall.answer()
    wait_for(lambda: status(firm, phone) == "sent", what="the answer")
    sid = "SM" + row["id"].hex
    installation.sql("update sms_log set provider = 'twilio', provider_id = %s where id = %s", sid, row["id"])
    path = "/api/webhook/sms-status/twilio"

    def post(auth_token, **form):
        text = installation.base + path + "".join(f"{name}{form[name]}" for name in sorted(form))
        signature = base64.b64encode(hmac.digest(auth_token.encode(), text.encode(), "sha1")).decode()
        return installation.post(path, form=form, headers={"X-Twilio-Signature": signature})

    fields = {"AccountSid": "AC" + "0" * 32, "MessageSid": sid, "MessageStatus": "delivered", "To": phone}
    problems.check(post("f" * 32, **fields), "unverified", route="sms_status")
    problems.check(installation.post(path, form=fields), "unverified", route="sms_status")
    assert status(firm, phone) == "sent"
    assert post(AUTH_TOKEN, **fields).status_code == 200
    assert status(firm, phone) == "delivered"
