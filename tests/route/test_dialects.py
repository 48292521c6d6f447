"""In whose words calls and texts are reported: each dialect to ticket and SMS, as often and in whatever order it comes"""

import concurrent.futures
import itertools
import json
import os
import pathlib
import random
import re
import subprocess
import urllib.parse
import uuid
import xml.etree.ElementTree

import pytest
import requests

from tests.support import problems
from tests.support.stack import mobile, wait_for

CALL = "/api/webhook/missed-call"
TEXT = "/api/webhook/sms-reply"
PARALLEL = 200
ROOT = pathlib.Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def firm(stack):
    """Known by a token of its own, so that nobody else is believed about it."""
    made = stack.tenant(daily_segments=100000)
    out = stack.command("token", "create", made.slug, "--scope", "webhook", "--json")
    made.webhook = json.loads(out.stdout)["token"]
    return made


def digits(number):
    """As sipgate and peoplefone write numbers."""
    return number[1:]


def double_zero(number):
    """As eCall writes them."""
    return "00" + number[1:]


def is_nothing(answer):
    """200 and an empty body."""
    assert (answer.status_code, answer.content) == (200, b""), answer.text
    assert answer.headers["Content-Type"].startswith("text/plain")
    return True


def wait_text(firm, caller):
    """The one text to the caller has left."""
    wait_for(lambda: firm.stack.messages(caller), what=f"a text to {caller}")
    assert len(firm.outbound(caller)) == 1
    return firm.stack.messages(caller)[0]["body"]


def inbound_texts(firm, sender):
    return [r["body"] for r in firm.stack.sql(
        "select body from sms_log where customer_id = %s and direction = 'inbound' and from_number = %s order by created_at, id",
        firm.id, sender)]


def unmatched(firm, needle):
    return firm.stack.sql("select * from inbound_events where customer_id is null and strpos(raw, %s) > 0", needle)


# ---- which dialect --------------------------------------------------------------------------------


@pytest.mark.parametrize("path", [
    CALL + "/nobody", CALL + "/kannel", CALL + "/ecall", TEXT + "/sipgate", TEXT + "/peoplefone", CALL + "/TWILIO", CALL + "/generic/x/y",
])
@pytest.mark.parametrize("method", ["GET", "POST", "HEAD"])
def test_a_dialect_that_does_not_report_this_is_not_found(stack, path, method):
    answer = stack.request(method, path, **({"data": {"to": "x"}} if method == "POST" else {}))
    assert answer.status_code == 404
    if method != "HEAD":
        problems.check(answer, "not-found")


@pytest.mark.parametrize("path", [CALL, TEXT, CALL + "/twilio", TEXT + "/kannel", CALL + "/generic/"])
def test_head_does_nothing(firm, path):
    caller = mobile()
    query = urllib.parse.urlencode({"from": caller, "to": firm.phone, "status": "busy", "text": "1"})
    answer = firm.stack.request("HEAD", f"{path}?{query}", headers={"Authorization": "Bearer " + firm.webhook})
    assert (answer.status_code, answer.content) == (200, b"")
    assert firm.tickets(caller) == [] and unmatched(firm, caller) == []


# ---- Twilio ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("fields, is_missed", [
    ({"CallStatus": "completed", "DialCallStatus": "completed", "DialBridged": "false"}, True),
    ({"CallStatus": "completed", "DialCallStatus": "completed", "DialBridged": "true"}, False),
    ({"CallStatus": "completed", "DialCallStatus": "answered", "DialBridged": "true"}, False),
    ({"CallStatus": "completed", "DialCallStatus": "no-answer", "DialBridged": "false"}, True),
    ({"CallStatus": "in-progress", "DialCallStatus": "busy"}, True),
    ({"CallStatus": "completed"}, False),
    ({"CallStatus": "canceled"}, True),
])
def test_twilio_what_counts_as_missed(firm, fields, is_missed):
    caller = mobile()
    form = {"AccountSid": "AC" + "0" * 32, "CallSid": "CA" + uuid.uuid4().hex, "From": caller, "To": firm.phone, **fields}
    for _ in range(2):
        answer = firm.stack.post(f"{CALL}/twilio/{firm.webhook}", form=form)
        assert answer.status_code == 200 and answer.headers["Content-Type"].startswith("text/xml")
    assert len(firm.tickets(caller)) == int(is_missed)


def test_twilio_dial_and_status_callback_of_one_call_are_one(firm):
    caller, sid = mobile(), "CA" + uuid.uuid4().hex
    both = {"AccountSid": "AC" + "0" * 32, "CallSid": sid, "From": caller, "To": firm.phone}
    for fields in ({"CallStatus": "completed", "DialCallStatus": "no-answer"}, {"CallStatus": "completed"}, {"CallStatus": "no-answer"}):
        assert firm.stack.post(f"{CALL}/twilio/{firm.webhook}", form={**both, **fields}).status_code == 200
    assert len(firm.tickets(caller)) == 1
    wait_text(firm, caller)
    (ticket,) = firm.tickets(caller)
    assert [e["event_type"] for e in firm.events(ticket["id"])].count("updated") == 0


# ---- eCall ----------------------------------------------------------------------------------------


def ecall(firm, sender, text, encoding="cp1252", method="GET", path=None, **changes):
    fields = {
        "Function": "Answer", "AddressFrom": double_zero(sender), "AddressTo": double_zero(firm.sms_number),
        "Message": text, "TimeStamp": "26.11.2026 10:33:09", "JobID": uuid.uuid4().hex,
    }
    fields.update(changes)
    query = urllib.parse.urlencode({k: v for k, v in fields.items() if v is not None}, encoding=encoding)
    path = path or f"{TEXT}/ecall/{firm.webhook}"
    if method == "GET":
        return firm.stack.get(f"{path}?{query}")
    return firm.stack.post(path, form=query, headers={"Content-Type": "application/x-www-form-urlencoded"})


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("encoding", ["cp1252", "utf-8"])
def test_ecall_an_answer_becomes_a_ticket(firm, encoding, method):
    sender = mobile()
    text = "Grüezi, es tropft! «Küche» – 20 € – à bientôt"
    assert is_nothing(ecall(firm, sender, text, encoding, method))
    (ticket,) = firm.tickets(sender)
    assert ticket["summary"] == text and inbound_texts(firm, sender) == [text]
    wait_text(firm, sender)


def test_ecall_is_known_by_its_fields(firm):
    sender = mobile()
    code = {"Authorization": "Bearer " + firm.webhook}
    fields = {"AddressFrom": double_zero(sender), "AddressTo": double_zero(firm.sms_number), "Message": "Ja, für morgen", "TimeStamp": "1"}
    query = urllib.parse.urlencode(fields, encoding="cp1252")
    assert is_nothing(firm.stack.get(f"{TEXT}?{query}", headers=code))
    assert firm.tickets(sender)[0]["summary"] == "Ja, für morgen"


def test_ecall_one_is_an_emergency(firm):
    sender = mobile()
    assert is_nothing(ecall(firm, sender, "1"))
    assert firm.tickets(sender)[0]["urgency"] == "HIGH"


def test_ecall_the_same_text_is_taken_once(firm):
    sender = mobile()
    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        assert all(pool.map(lambda _: is_nothing(ecall(firm, sender, "Bitte um Rückruf", JobID="1")), range(50)))
    # the cache of eCall has an id, and writes numbers otherwise
    assert is_nothing(ecall(firm, sender, "Bitte um Rückruf", JobID=None, Function=None, MessageID="4711", AddressFrom=sender))
    assert inbound_texts(firm, sender) == ["Bitte um Rückruf"]


def test_ecall_another_second_or_another_text_is_another(firm):
    sender = mobile()
    for text, time in (("a", "26.11.2026 10:00:00"), ("a", "26.11.2026 10:00:01"), ("b", "26.11.2026 10:00:01")):
        assert is_nothing(ecall(firm, sender, text, TimeStamp=time))
    assert sorted(inbound_texts(firm, sender)) == ["a", "a", "b"]


def test_ecall_a_text_to_a_leased_number_without_a_time_has_its_id(firm):
    sender = mobile()
    for number in ("1", "2", "1"):
        assert is_nothing(ecall(firm, sender, "Hallo", Function=None, JobID=None, TimeStamp=None, MessageID=number + sender))
    assert inbound_texts(firm, sender) == ["Hallo", "Hallo"]


def test_ecall_a_receipt_at_the_wrong_address_does_nothing(firm):
    query = urllib.parse.urlencode({"Function": "Notification", "ResultCode": "0", "Number": double_zero(mobile()), "TimeStamp": "1"})
    assert is_nothing(firm.stack.get(f"{TEXT}/ecall/{firm.webhook}?{query}"))
    problems.check(firm.stack.get(f"{TEXT}/ecall/wrong?{query}"), "unverified")


def test_ecall_a_number_that_is_nobodys_is_kept_and_answered(stack):
    sender = mobile()
    fields = {"AddressFrom": double_zero(sender), "AddressTo": "0041445550000", "Message": "ü", "TimeStamp": "1"}
    query = urllib.parse.urlencode(fields, encoding="cp1252")
    problems.check(stack.get(f"{TEXT}/ecall?{query}"), "tenant-unknown", "/To")
    (row,) = stack.sql("select * from inbound_events where customer_id is null and strpos(raw, %s) > 0", double_zero(sender))
    assert (row["verified"], row["outcome"]) == (True, "unmatched") and "ü" in row["raw"]


# ---- Kannel ---------------------------------------------------------------------------------------


def test_kannel_a_text_becomes_a_ticket(firm):
    sender, number = mobile(), uuid.uuid4()
    query = f"from={urllib.parse.quote(sender)}&to={urllib.parse.quote(firm.sms_number)}&text=1+%F0%9F%92%A7+Gr%C3%BCezi&id={number}"
    for _ in range(3):
        assert is_nothing(firm.stack.get(f"{TEXT}/kannel/{firm.webhook}?{query}", headers={"User-Agent": "Kannel/1.4.5"}))
    assert inbound_texts(firm, sender) == ["1 💧 Grüezi"]
    assert len(firm.tickets(sender)) == 1
    wait_text(firm, sender)


# ---- sipgate --------------------------------------------------------------------------------------


class Sipgate:
    """One call: its events as sipgate.io posts them."""

    def __init__(self, firm, **changes):
        self.firm, self.caller = firm, mobile()
        self.both = {"from": digits(self.caller), "to": digits(firm.phone), "direction": "in", "callId": str(random.randrange(10**18)), **changes}

    def post(self, fields, token=None):
        path = f"{CALL}/sipgate/{token or self.firm.webhook}"
        return self.firm.stack.post(path, form={**self.both, **fields})

    def new_call(self):
        return self.post({"event": "newCall", "user[]": ["Anna", "Beat"], "userId[]": ["w0", "w1"], "fullUserId[]": ["1w0", "1w1"]})

    def answer(self, **fields):
        return self.post({"event": "answer", "answeringNumber": digits(self.firm.phone), "user": "Anna", "userId": "w0", **fields})

    def hangup(self, cause, **fields):
        return self.post({"event": "hangup", "cause": cause, **fields})

    def tickets(self):
        return self.firm.tickets(self.caller)


def subscription(answer):
    assert answer.status_code == 200, answer.text
    assert answer.headers["Content-Type"] == "application/xml"
    root = xml.etree.ElementTree.fromstring(answer.content)
    assert root.tag == "Response" and len(root) == 0
    return root.attrib


def test_sipgate_a_new_call_is_answered_with_a_subscription(firm):
    call = Sipgate(firm)
    here = f"{firm.stack.base}{CALL}/sipgate/{firm.webhook}"
    assert subscription(call.new_call()) == {"onAnswer": here, "onHangup": here}
    assert subscription(call.answer()) == {} and subscription(call.hangup("normalClearing")) == {}
    assert call.tickets() == []


def test_sipgate_what_is_written_into_the_xml_is_quoted(firm):
    call = Sipgate(firm)
    path = f"{CALL}/sipgate/{firm.webhook}?a=1&b='%22%3C"
    answer = firm.stack.post(path, form={**call.both, "event": "newCall"}, headers={"Host": "evil.example.ch"})
    assert subscription(answer)["onHangup"] == firm.stack.base + path


@pytest.mark.parametrize("cause", ["cancel", "noAnswer", "busy", "congestion", "notFound", "normalClearing"])
def test_sipgate_a_hangup_without_an_answer_is_missed(firm, cause):
    call = Sipgate(firm)
    call.new_call()
    assert subscription(call.hangup(cause)) == {}
    assert len(call.tickets()) == 1
    wait_text(firm, call.caller)


def test_sipgate_a_forwarded_call_is_waited_for(firm):
    call = Sipgate(firm)
    call.new_call()
    call.hangup("forwarded")
    assert call.tickets() == []
    rest = {"callId": str(random.randrange(10**18)), "originalCallId": call.both["callId"]}
    call.post({"event": "newCall", **rest})
    assert call.tickets() == []
    call.hangup("noAnswer", **rest)
    assert len(call.tickets()) == 1


def test_sipgate_a_forwarded_call_that_is_answered_is_not_missed(firm):
    call = Sipgate(firm)
    rest = {"callId": str(random.randrange(10**18)), "origCallId": call.both["callId"]}
    call.new_call(), call.hangup("forwarded"), call.post({"event": "newCall", **rest}), call.answer(**rest), call.hangup("normalClearing", **rest)
    assert call.tickets() == []


def test_sipgate_a_voicemail_is_nobody(firm):
    call = Sipgate(firm)
    call.new_call(), call.answer(user="voicemail"), call.hangup("normalClearing")
    assert len(call.tickets()) == 1


def test_sipgate_what_the_firm_dials_is_not_missed(firm):
    call = Sipgate(firm, direction="out")
    call.new_call(), call.hangup("noAnswer"), call.hangup("busy")
    assert call.tickets() == []


def test_sipgate_a_hidden_number_is_on_a_ticket(firm):
    before = len(firm.tickets())
    Sipgate(firm, **{"from": "anonymous"}).hangup("cancel")
    assert len(firm.tickets()) == before + 1


@pytest.mark.parametrize("order", sorted(set(itertools.permutations(["new", "answer", "hangup"]))))
@pytest.mark.parametrize("twice", [False, True])
def test_sipgate_events_in_any_order(firm, order, twice):
    call = Sipgate(firm)
    does = {"new": call.new_call, "answer": call.answer, "hangup": lambda: call.hangup("normalClearing")}
    for event in order:
        for _ in range(1 + twice):
            assert does[event]().status_code == 200
    # what decides it first holds
    assert len(call.tickets()) == int(order.index("hangup") < order.index("answer"))


def test_sipgate_200_deliveries_of_one_hangup_are_one_ticket_and_one_text(firm):
    call = Sipgate(firm)
    with concurrent.futures.ThreadPoolExecutor(64) as pool:
        answers = list(pool.map(lambda _: call.hangup("cancel").status_code, range(PARALLEL)))
    assert answers == [200] * PARALLEL
    (ticket,) = call.tickets()
    assert [e["event_type"] for e in firm.events(ticket["id"]) if e["event_type"] in ("created", "updated")] == ["created"]
    wait_text(firm, call.caller)


def test_sipgate_all_events_of_a_call_at_once_are_at_most_one_ticket(firm):
    for _ in range(5):
        call = Sipgate(firm)
        events = [call.new_call, call.answer, lambda c=call: c.hangup("normalClearing")] * 8
        random.shuffle(events)
        with concurrent.futures.ThreadPoolExecutor(24) as pool:
            assert {f.result().status_code for f in [pool.submit(e) for e in events]} == {200}
        assert len(call.tickets()) <= 1
        decided = firm.stack.one("select answer from inbound_events where customer_id = %s and event_id = %s", firm.id, call.both["callId"])
        assert (decided["answer"]["status"] == "ignored") == (call.tickets() == [])


def test_sipgate_a_number_that_is_nobodys_is_kept_and_subscribed(stack):
    caller = mobile()
    form = {"event": "newCall", "from": digits(caller), "to": "41445550000", "direction": "in", "callId": "x" + caller}
    answer = stack.post(CALL + "/sipgate", form=form)
    assert answer.status_code == 404  # in development nobody is known
    (row,) = stack.sql("select * from inbound_events where customer_id is null and strpos(raw, %s) > 0", "x" + caller)
    assert row["outcome"] == "unmatched"


# ---- peoplefone -----------------------------------------------------------------------------------


class Peoplefone:
    def __init__(self, firm):
        self.firm, self.caller, self.id = firm, mobile(), uuid.uuid4().hex

    def call(self, state, direction="incoming"):
        return {"callId": self.id, "state": state, "direction": direction,
                "remoteParty": {"identifier": digits(self.caller), "type": "phoneNumber"}}

    def post(self, body, token=None):
        return self.firm.stack.post(f"{CALL}/peoplefone/{token or self.firm.webhook}", body)

    def notify(self, *calls):
        owner = {"identifier": "12345", "type": "user", "name": "Anna", "internalNumber": "20"}
        return self.post({"action": "notify", "owner": owner, "availability": "available", "calls": list(calls)})

    def states(self, *states):
        for state in states:
            assert is_nothing(self.notify(self.call(state)))

    def tickets(self):
        return self.firm.tickets(self.caller)


def test_peoplefone_a_call_that_ends_and_was_never_confirmed_is_missed(firm):
    call = Peoplefone(firm)
    call.states("setup", "early")
    assert call.tickets() == []
    call.states("terminated", "terminated", "terminated")
    assert len(call.tickets()) == 1
    wait_text(firm, call.caller)


def test_peoplefone_a_confirmed_call_is_not(firm):
    call = Peoplefone(firm)
    call.states("setup", "early", "confirmed", "confirmed", "terminated", "terminated")
    assert call.tickets() == []


def test_peoplefone_an_outgoing_call_is_not(firm):
    call = Peoplefone(firm)
    for state in ("setup", "terminated"):
        assert is_nothing(call.notify(call.call(state, "outgoing")))
    assert call.tickets() == []


def test_peoplefone_several_calls_in_one_request(firm):
    calls = [Peoplefone(firm) for _ in range(3)]
    calls[1].states("confirmed")
    assert is_nothing(calls[0].notify(*[c.call("terminated") for c in calls]))
    assert [len(c.tickets()) for c in calls] == [1, 0, 1]


@pytest.mark.parametrize("body", [
    {"action": "keepAlive", "owner": {"identifier": "1", "type": "user"}}, {"action": "notify"}, {"action": "notify", "calls": []},
    {"action": "notify", "calls": {}}, {"action": "notify", "calls": [1, None, "x", []]}, {"action": "notify", "calls": "x"}, {}, {"action": 1},
    {"action": "somethingNew"}, [], "x",
])
def test_peoplefone_is_answered_200_whatever_it_says(firm, body):
    call = Peoplefone(firm)
    assert is_nothing(call.post(body))
    problems.check(call.post(body, "wrong"), "bad-json" if not isinstance(body, dict) else "unverified", route="missed_call")


@pytest.mark.parametrize("content, kind", [
    (b"{", "application/json"), (b"\xff", "application/json"), (b"", "application/json"), (b'{"a":1,"a":1}', "application/json"), (b"a=%00", "application/x-www-form-urlencoded"),
])
def test_peoplefone_is_answered_200_also_for_what_cannot_be_read(firm, content, kind):
    answer = firm.stack.post(f"{CALL}/peoplefone/{firm.webhook}", form=content, headers={"Content-Type": kind})
    assert is_nothing(answer)


def test_peoplefone_odd_calls_do_no_harm(firm):
    call = Peoplefone(firm)
    odd = [{"callId": i, "state": s, "direction": d, "remoteParty": p}
           for i in (1, None, [], "x" * 5000) for s in ("terminated", 1) for d in ("incoming", {}) for p in (None, 1, {"identifier": []})]
    for i in range(0, len(odd), 10):
        assert is_nothing(call.notify(*odd[i:i + 10]))


def test_peoplefone_does_not_say_whose_it_is_so_the_token_does(firm):
    """The installation's token tells no firm, nor does none: kept, for whoever knows."""
    call = Peoplefone(firm)
    answer = firm.stack.post(CALL + "/peoplefone", {"action": "notify", "owner": {}, "calls": [call.call("terminated")]})
    problems.check(answer, "tenant-unknown", "/To")
    assert len(unmatched(firm, digits(call.caller))) == 1 and call.tickets() == []


# ---- plain, and what exchanges post ----------------------------------------------------------------


def test_generic_by_get(firm):
    caller = mobile()
    query = urllib.parse.urlencode({"from": caller, "to": firm.phone, "status": "NOANSWER", "call_id": uuid.uuid4().hex})
    for _ in range(2):
        answer = firm.stack.get(f"{CALL}/generic/{firm.webhook}?{query}")
        assert answer.status_code == 200 and answer.json()["status"] == "queued"
    assert len(firm.tickets(caller)) == 1


@pytest.mark.parametrize("status, is_missed", [
    ("NOANSWER", True), ("BUSY", True), ("CANCEL", True), ("CONGESTION", True), ("CHANUNAVAIL", True), ("", True), ("ANSWER", False), ("DONTCALL", False),
])
def test_asterisk_the_documented_script(firm, tmp_path, status, is_missed):
    """The lines of docs/webhooks.md are run as they stand there."""
    (script,) = re.findall(r"^```sh\n(#!/bin/sh\n.*?)^```", (ROOT / "docs/webhooks.md").read_text(), re.M | re.S)
    (tmp_path / "opsfabric-call").write_text(script)
    (tmp_path / "header").write_text(f"Authorization: Bearer {firm.webhook}\n")
    caller, linked = mobile(), f"{random.randrange(10**9)}.{random.randrange(1000)}"
    env = dict(os.environ, OPSFABRIC_URL=firm.stack.base, OPSFABRIC_HEADER=str(tmp_path / "header"))
    for _ in range(2):  # two members of a group that rang
        subprocess.run(["/bin/sh", tmp_path / "opsfabric-call", caller, firm.phone, status, linked], env=env, check=True, timeout=120, capture_output=True)
    assert len(firm.tickets(caller)) == int(is_missed)


@pytest.mark.parametrize("kind, is_missed", [("Missed", True), ("Unanswered", False), ("Inbound", False), ("Outbound", False)])
def test_3cx_only_missed_is_missed(firm, kind, is_missed):
    caller = mobile()
    form = {"CallType": kind, "from": caller, "to": firm.phone, "agent": "20", "time": "2026-11-26 10:00:00"}
    assert firm.stack.post(f"{CALL}/generic/{firm.webhook}", form=form).status_code == 200
    assert len(firm.tickets(caller)) == int(is_missed)


# ---- hostile --------------------------------------------------------------------------------------


PATHS = [f"{CALL}/twilio", f"{CALL}/sipgate", f"{CALL}/generic", f"{TEXT}/twilio", f"{TEXT}/ecall", f"{TEXT}/kannel", f"{TEXT}/generic", CALL, TEXT]


@pytest.mark.parametrize("path", PATHS)
def test_nul_is_refused(firm, path):
    for field in ("From", "from", "AddressFrom", "event", "x"):
        answer = firm.stack.get(f"{path}?{field}=a%00b&to=1")
        problems.check(answer, "bad-form")


@pytest.mark.parametrize("path, fields", [
    (f"{CALL}/twilio", "From|To|CallSid|CallStatus|DialCallStatus|DialBridged"), (f"{CALL}/sipgate", "event|direction|cause|callId|user|from|to"),
    (f"{TEXT}/ecall", "Function|AddressFrom|AddressTo|Message|TimeStamp|MessageID"), (f"{TEXT}/kannel", "from|to|text|id"), (f"{CALL}/generic", "CallType"),
])
def test_a_field_that_stands_twice_is_refused(firm, path, fields):
    for field in fields.split("|"):
        answer = firm.stack.get(f"{path}/{firm.webhook}?{field}=1&{field}=1")
        problems.check(answer, "bad-form")


@pytest.mark.parametrize("path", PATHS)
def test_what_is_not_utf8_is_refused_but_from_ecall(firm, path):
    answer = firm.stack.get(f"{path}?from=%ff%fe&to={urllib.parse.quote(firm.phone)}", headers={"Authorization": "Bearer " + firm.webhook})
    if path.endswith("/ecall"):
        assert answer.status_code == 403 or answer.status_code == 200
    else:
        problems.check(answer, "bad-text")


@pytest.mark.parametrize("code", range(0x80, 0x100))
def test_ecall_every_byte_above_ascii_is_text(firm, code):
    sender = mobile()
    path = f"{TEXT}/ecall/{firm.webhook}?AddressFrom={double_zero(sender)}&AddressTo={double_zero(firm.sms_number)}&TimeStamp=1&Message=x%{code:02x}y"
    assert is_nothing(firm.stack.get(path))
    want = bytes([code]).decode("cp1252", errors="replace").replace("\xa0", "\xa0")
    (text,) = inbound_texts(firm, sender)
    assert text == f"x{want}y"


def test_an_address_that_is_too_long_never_gets_here(firm):
    answer = requests.get(f"{firm.stack.base}{TEXT}/ecall/{firm.webhook}?Message=" + "x" * 65536, timeout=60)
    assert answer.status_code == 414 and answer.headers["Content-Type"] == "application/problem+json"


def test_a_header_in_a_value_stays_a_value(firm):
    call = Sipgate(firm)
    answer = call.post({"event": "newCall\r\nX-Evil: 1", "x": "\r\n\r\nHTTP/1.1 200 OK"})
    assert "X-Evil" not in answer.headers and subscription(answer) == {}
    path = f"{CALL}/sipgate/{firm.webhook}?%0D%0AX-Evil:%201"
    answer = firm.stack.post(path, form={**call.both, "event": "newCall"})
    assert "X-Evil" not in answer.headers and subscription(answer)["onAnswer"] == firm.stack.base + path


@pytest.mark.parametrize("number", ["' or 1=1 --", "+41 79 123 45 67; drop", "\u202e41", "sip:a@b", "٠٤١", "0" * 300, "++41", "client:x"])
def test_numbers_that_are_none_are_nobodys(firm, number):
    answer = firm.stack.post(f"{CALL}/generic/{firm.webhook}", form={"from": mobile(), "to": number, "status": "busy"})
    problems.check(answer, "unverified", route="missed_call")


def test_replays_of_all_dialects_change_nothing(firm):
    """Whatever was delivered is delivered again, twice, in any order."""
    senders = [mobile() for _ in range(6)]
    calls = [Sipgate(firm), Peoplefone(firm)]
    deliveries = [
        lambda: ecall(firm, senders[0], "1", JobID="1"),
        lambda: firm.stack.get(f"{TEXT}/kannel/{firm.webhook}?" + urllib.parse.urlencode({"from": senders[1], "to": firm.sms_number, "text": "2", "id": "r" + senders[1]})),
        lambda: calls[0].hangup("busy"),
        lambda: calls[1].notify(calls[1].call("terminated")),
        lambda: firm.stack.post(f"{CALL}/twilio/{firm.webhook}", form={"CallSid": "CA" + senders[2], "From": senders[2], "To": firm.phone, "CallStatus": "busy"}),
        lambda: firm.stack.post(f"{CALL}/generic/{firm.webhook}", {"id": "g" + senders[3], "from": senders[3], "to": firm.phone, "status": "busy"}),
    ]
    first = [d().content for d in deliveries]

    def counts():
        return [firm.stack.one(f"select count(*) as n from {table} where customer_id = %s", firm.id)["n"]
                for table in ("tickets", "sms_log", "inbound_events", "contacts")]

    before = counts()
    for _ in range(2):
        for i in random.sample(range(len(deliveries)), len(deliveries)):
            assert deliveries[i]().content == first[i]
    assert counts() == before
