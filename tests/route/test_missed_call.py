"""POST /api/webhook/missed-call: the ticket first, then at most one text in a quarter of an hour"""

import concurrent.futures
import datetime
import json
import os
import random
import re
import secrets
import uuid
import xml.etree.ElementTree

import pytest
import requests

from tests.support.stack import landline, mobile, wait_for

PATH = "/api/webhook/missed-call"
ROUNDS = int(os.environ.get("OPSFABRIC_TEST_ROUNDS", "5"))
PARALLEL = 200

MISSED = ["no-answer", "busy", "failed", "canceled"]
TAKEN = ["completed", "in-progress", "ringing", "initiated", "queued"]
WITHHELD = [
    None, "", " ", "anonymous", "Anonymous", "+anonymous", "restricted", "unavailable", "unknown", "private",
    "blocked", "Withheld", "+266696687", "266696687", "+7378742833", "+86282452253", "+2562533", "8656696",
    "client:alice", "sip:alice@pbx.example.ch",
]
WEEKDAY = "Leider verpassten wir Ihren Anruf"
WEEKEND = "Am Wochenende ist unser Büro geschlossen"
EMERGENCY = "Ein Notfall? Antworten Sie mit 1"


@pytest.fixture(scope="module")
def firm(stack):
    """Without quiet hours; each test calls from numbers of its own."""
    return stack.tenant(daily_segments=100000)


@pytest.fixture(scope="module")
def night(stack):
    return stack.tenant(quiet_hours_start="21:00", quiet_hours_end="07:00", daily_segments=100000)


def utc(text):
    return datetime.datetime.fromisoformat(text).astimezone(datetime.timezone.utc)


def twilio(firm, caller, **fields):
    """A call status callback as Twilio sends it."""
    form = {
        "AccountSid": "AC" + secrets.token_hex(16), "ApiVersion": "2010-04-01", "CallSid": "CA" + secrets.token_hex(16),
        "CallStatus": "no-answer", "Direction": "inbound", "From": caller, "To": firm.phone,
    }
    form.update(fields)
    return firm.stack.post(PATH, form={k: v for k, v in form.items() if v is not None})


def is_empty_twiml(answer):
    assert answer.status_code == 200, answer.text
    assert answer.headers["Content-Type"].split(";")[0] == "text/xml"
    root = xml.etree.ElementTree.fromstring(answer.content)
    return root.tag == "Response" and len(root) == 0 and not (root.text or "").strip()


def said(answer):
    assert answer.status_code == 200, answer.text
    assert answer.headers["Content-Type"].split(";")[0] == "application/json"
    return answer.json()


def texts(firm, phone):
    """What was or will be sent to that number."""
    return [m for m in firm.outbound(phone) if m["status"] != "suppressed"]


def suppressed(firm, phone):
    return [m for m in firm.outbound(phone) if m["status"] == "suppressed"]


def wait_sent(firm, phone, count=1):
    """Until everything for that number has left; it must be that many, also where the provider writes."""
    def all_sent():
        rows = texts(firm, phone)
        return rows if rows and all(m["status"] == "sent" for m in rows) else None

    rows = wait_for(all_sent, what=f"messages to {phone} being sent")
    lines = firm.stack.messages(phone)
    assert len(rows) == count and len(lines) == count, (rows, lines)
    assert sorted(m["body"] for m in rows) == sorted(m["body"] for m in lines)
    return rows


def wait_for_a_look(firm):
    """Until the dispatcher has looked at the outbox at the clock's present time."""
    witness = mobile()
    assert said(firm.missed_call(witness))["status"] == "queued"
    wait_sent(firm, witness)


# ---- the answer -----------------------------------------------------------------------------


def test_json_is_answered_in_json(firm):
    caller = mobile()
    answer = said(firm.missed_call(caller))
    (ticket,) = firm.tickets(caller)
    assert answer == {
        "status": "queued", "ticket_id": str(ticket["id"]), "number": ticket["number"], "reason": None,
    }


def test_a_form_of_twilio_is_answered_with_empty_twiml(firm):
    caller = mobile()
    assert is_empty_twiml(twilio(firm, caller))
    assert len(firm.tickets(caller)) == 1
    wait_sent(firm, caller)


def test_twilio_is_known_by_the_address_as_well(firm):
    caller = mobile()
    form = {"From": caller, "To": firm.phone, "CallStatus": "busy", "CallSid": uuid.uuid4().hex}
    assert is_empty_twiml(firm.stack.post(PATH + "/twilio", form=form))
    assert len(firm.tickets(caller)) == 1


def test_another_form_is_answered_in_json(firm):
    caller = mobile()
    form = {"from": caller, "to": firm.phone, "call_id": uuid.uuid4().hex, "status": "busy"}
    assert said(firm.stack.post(PATH, form=form))["status"] == "queued"
    assert len(firm.tickets(caller)) == 1


def test_an_ignored_call_of_twilio_is_answered_with_empty_twiml(firm):
    caller = mobile()
    assert is_empty_twiml(twilio(firm, caller, CallStatus="completed"))
    assert firm.tickets(caller) == []


@pytest.mark.parametrize("body, status", [
    ({}, 422), ({"From": "+41790000000"}, 422), ({"To": ""}, 422), ({"To": True}, 422), ({"To": 41434435299}, 404), ({"To": "+" + "4" * 400}, 404), ([], 400),
])
def test_what_cannot_be_a_call_is_refused(stack, body, status):
    answer = stack.request("POST", PATH, json=body)
    assert answer.status_code == status
    assert answer.headers["Content-Type"].split(";")[0] == "application/problem+json"


# ---- what counts as missed ------------------------------------------------------------------


@pytest.mark.parametrize("fields", [
    *({"CallStatus": s} for s in MISSED),
    *({"CallStatus": "completed", "DialCallStatus": s} for s in MISSED),
    *({"CallStatus": None, "DialCallStatus": s} for s in MISSED),
    {"CallStatus": None},
])
def test_missed_is_what_nobody_took(firm, fields):
    caller = mobile()
    assert said(firm.missed_call(caller, **fields))["status"] == "queued"
    (ticket,) = firm.tickets(caller)
    assert (ticket["source"], ticket["status"], ticket["urgency"]) == ("missed_call", "NEW", "MED")
    assert ticket["contact_phone"] == caller and ticket["unread"]
    assert [(e["event_type"], e["new_value"]) for e in firm.events(ticket["id"])[:1]] == [("created", "missed_call")]


@pytest.mark.parametrize("fields", [
    *({"CallStatus": s} for s in TAKEN),
    {"CallStatus": "completed", "DialCallStatus": "completed"},
    {"CallStatus": None, "DialCallStatus": "answered"},
])
def test_a_taken_call_is_kept_and_nothing_else(firm, fields):
    caller, sid = mobile(), uuid.uuid4().hex
    answer = said(firm.missed_call(caller, CallSid=sid, **fields))
    assert answer["status"] == "ignored" and answer["ticket_id"] is None
    assert firm.tickets(caller) == [] and firm.outbound(caller) == []
    kept = firm.stack.one(
        "select * from inbound_events where customer_id = %s and event_id like %s", firm.id, sid + "%")
    assert kept["answer"]["status"] == "ignored" and caller in kept["raw"]


def test_a_call_that_rings_first_and_is_missed_then_counts(firm):
    caller, sid = mobile(), uuid.uuid4().hex
    assert said(firm.missed_call(caller, CallSid=sid, CallStatus="ringing"))["status"] == "ignored"
    assert said(firm.missed_call(caller, CallSid=sid, CallStatus="in-progress"))["status"] == "ignored"
    assert said(firm.missed_call(caller, CallSid=sid, CallStatus="no-answer"))["status"] == "queued"
    assert said(firm.missed_call(caller, CallSid=sid, CallStatus="completed"))["status"] == "ignored"
    assert len(firm.tickets(caller)) == 1
    wait_sent(firm, caller)


def test_an_ignored_event_delivered_twice_is_kept_once_and_answered_the_same(firm):
    caller, sid = mobile(), uuid.uuid4().hex
    first, second = (firm.missed_call(caller, CallSid=sid, CallStatus="completed") for _ in range(2))
    assert first.content == second.content
    firm.stack.one("select 1 from inbound_events where customer_id = %s and event_id like %s", firm.id, sid + "%")


def test_a_setting_that_cannot_be_read_loses_no_call(stack):
    firm, caller = stack.tenant(), mobile()
    stack.sql("update customers set quiet_hours_start = '00:00', quiet_hours_end = '24:00' where id = %s", firm.id)
    assert said(firm.missed_call(caller))["status"] in ("queued", "deferred")
    assert len(firm.tickets(caller)) == 1
    wait_for(lambda: in_logs(stack, f"tenant {firm.slug}: the defaults of time hold for it"), what="the word in a log")


# ---- calls that are written their own way ----------------------------------------------------


@pytest.mark.parametrize("status", [
    "NO-ANSWER", "noanswer", "no_answer", "NOANSWER", "No Answer", "missed", "MISSED", "Busy", "cancel", "Cancelled", "CANCELED",
])
def test_each_spelling_of_missed_counts(firm, status):
    for name in ("CallStatus", "call_status", "status", "DialCallStatus"):
        caller = mobile()
        assert said(firm.missed_call(caller, **{"CallStatus": None, name: status}))["status"] == "queued"
        assert len(firm.tickets(caller)) == 1


@pytest.mark.parametrize("status", ["hung up by somebody somewhere", "x" * 5000, "no-answer-at-all", 17, "ä" * 21, "-"])
def test_a_status_that_nobody_knows_is_kept(firm, status):
    caller, sid = mobile(), uuid.uuid4().hex
    answer = said(firm.missed_call(caller, CallSid=sid, CallStatus=status))
    assert (answer["status"], answer["reason"]) == ("ignored", str(status)[:20])
    assert firm.tickets(caller) == []
    kept = firm.stack.one("select raw from inbound_events where customer_id = %s and event_id like %s", firm.id, sid + "%")
    assert json.dumps(status, ensure_ascii=False) in kept["raw"]


def test_numbers_are_read_as_their_digits(firm):
    caller, sid = mobile(), random.randrange(2**52)
    call = {"from": int(caller[1:]), "to": int(firm.phone[1:]), "id": sid, "status": "busy"}
    first, second = (firm.stack.post(PATH, call) for _ in range(2))
    assert said(first)["status"] == "queued" and first.content == second.content
    assert len(firm.tickets(caller)) == 1
    firm.stack.one("select 1 from inbound_events where customer_id = %s and event_id = %s", firm.id, str(sid))


def test_a_long_id_is_told_apart_whole(firm):
    ids = ["x" * 5000 + end for end in "ab"]
    callers = [mobile(), mobile()]
    for _ in range(2):
        for caller, sid in zip(callers, ids):
            assert said(firm.missed_call(caller, CallSid=sid))["status"] == "queued"
    assert [len(firm.tickets(caller)) for caller in callers] == [1, 1]


@pytest.mark.parametrize("caller", ["x" * 5000, "+4179" + "1" * 400, [], True, 1.5, 2**60])
def test_a_caller_that_nobody_can_read_is_on_a_ticket(firm, caller):
    answer = said(firm.missed_call(caller))
    assert answer["status"] == "recorded" and answer["reason"] in ("invalid_number", "withheld")
    assert firm.stack.one("select contact_phone from tickets where id = %s", answer["ticket_id"])["contact_phone"] is None


# ---- the text -------------------------------------------------------------------------------


def test_the_caller_gets_one_text_from_the_firms_number(firm):
    caller = mobile()
    answer = said(firm.missed_call(caller))
    (row,) = wait_sent(firm, caller)
    (line,) = firm.stack.messages(caller)
    assert line["from"] == row["from_number"] == firm.sms_number
    assert row["template"].startswith("missed_call") and line["id"] == str(row["id"])
    assert str(row["ticket_id"]) == answer["ticket_id"] and 1 <= row["segments"] <= 2
    assert line["body"].startswith("Muster Haustechnik AG:")
    for offer in ("1 = Notfall", "2 = Rückruf", "3 ="):
        assert offer in line["body"]
    events = [e["event_type"] for e in firm.events(answer["ticket_id"])]
    assert events == ["created", "sms_sent"]


@pytest.mark.parametrize("then, left", [
    (lambda firm, caller: firm.text(caller, "1"), []),
    (lambda firm, caller: firm.text(caller, "2"), []),
    (lambda firm, caller: firm.text(caller, "Der Keller steht unter Wasser"), []),
    (lambda firm, caller: firm.ticket(caller, summary="Der Keller steht unter Wasser"), []),
    (lambda firm, caller: firm.text(caller, "danke"), ["missed_call"]),
    (lambda firm, caller: firm.missed_call(caller), ["missed_call"]),
])
def test_who_was_heard_at_night_is_not_asked_in_the_morning(stack, clock, then, left):
    firm = stack.tenant(quiet_hours_start="21:00", quiet_hours_end="07:00")
    caller = mobile()
    clock("2027-03-10T23:30:00+01:00")
    assert firm.missed_call(caller).json()["status"] == "deferred"
    clock("2027-03-10T23:50:00+01:00")
    assert then(firm, caller).status_code == 200
    waiting = [m for m in firm.outbound(caller) if m["template"] == "missed_call" and m["reason"] != "recent"]
    assert [(m["status"], m["reason"]) for m in waiting] == [("queued", None) if left else ("suppressed", "withdrawn")]
    if not left:
        # Whoever rings again asks again.
        assert firm.missed_call(caller).json()["status"] == "deferred"


def test_the_text_promises_no_time(firm):
    caller = mobile()
    firm.missed_call(caller)
    assert not re.search(r"\d\d?[:.h]\d\d", texts(firm, caller)[0]["body"])


def test_one_text_in_fifteen_minutes(firm, clock):
    caller = mobile()
    clock("2026-07-08T10:00:00+02:00")
    first = said(firm.missed_call(caller))
    again = said(firm.missed_call(caller))
    assert (first["status"], again["status"]) == ("queued", "dedupe")
    assert again["ticket_id"] == first["ticket_id"]
    clock("2026-07-08T10:14:00+02:00")
    assert said(firm.missed_call(caller))["status"] == "dedupe"
    assert len(firm.outbound(caller)) == 1
    clock("2026-07-08T10:16:00+02:00")
    assert said(firm.missed_call(caller))["status"] == "queued"
    wait_sent(firm, caller, 2)
    (ticket,) = firm.tickets(caller)
    kinds = [e["event_type"] for e in firm.events(ticket["id"])]
    assert kinds.count("created") == 1 and kinds.count("updated") == 3


@pytest.mark.parametrize("instant, opening", [
    ("2026-07-10T23:59:00+02:00", WEEKDAY),  # Friday
    ("2026-07-11T00:00:30+02:00", WEEKEND),
    ("2026-07-11T12:00:00+02:00", WEEKEND),
    ("2026-07-12T23:59:00+02:00", WEEKEND),
    ("2026-07-13T00:00:30+02:00", WEEKDAY),
])
def test_the_weekend_has_its_own_text(firm, clock, instant, opening):
    caller = mobile()
    clock(instant)
    firm.missed_call(caller)
    assert opening in texts(firm, caller)[0]["body"]


def test_the_weekend_is_that_of_the_firms_zone(stack, clock):
    firm = stack.tenant(timezone="America/New_York")
    caller, late = mobile(), mobile()
    clock("2026-07-11T02:00:00Z")  # Saturday in Zurich, Friday 22:00 in New York
    firm.missed_call(caller)
    assert WEEKDAY in texts(firm, caller)[0]["body"]
    clock("2026-07-13T02:00:00Z")  # Monday in Zurich, Sunday 22:00 in New York
    firm.missed_call(late)
    assert WEEKEND in texts(firm, late)[0]["body"]


def test_a_known_contact_is_written_to_in_its_language(firm):
    caller = mobile()
    firm.ticket(caller, language="fr")
    said(firm.missed_call(caller))
    (text,) = [m for m in texts(firm, caller) if m["template"].startswith("missed_call")]
    assert "manqué votre appel" in text["body"] or "week-end" in text["body"]


# ---- quiet hours ----------------------------------------------------------------------------


def test_at_night_the_ticket_is_made_at_once_and_the_text_waits_for_the_morning(firm, night, clock):
    caller = mobile()
    clock("2026-07-07T23:30:00+02:00")
    answer = said(night.missed_call(caller))
    assert answer["status"] == "deferred"
    (ticket,) = night.tickets(caller)
    assert str(ticket["id"]) == answer["ticket_id"] and ticket["status"] == "NEW"
    (row,) = night.outbound(caller)
    assert row["status"] == "queued" and row["not_before"] == utc("2026-07-08T07:00:00+02:00")
    clock("2026-07-08T06:59:00+02:00")
    wait_for_a_look(firm)
    assert night.outbound(caller)[0]["status"] == "queued" and firm.stack.messages(caller) == []
    clock("2026-07-08T07:00:01+02:00")
    wait_sent(night, caller)


def test_a_text_that_could_not_leave_in_the_evening_is_not_sent_the_next_morning(stack, clock):
    """As if its provider were away: while the clock is moved nothing leaves but through the console."""
    away = stack.tenant(quiet_hours_start="21:00", quiet_hours_end="07:00", config={"language": "de", "sms": {"provider": "kannel"}})
    evening, night = mobile(), mobile()
    clock("2026-07-07T20:30:00+02:00")
    assert said(away.missed_call(evening))["status"] == "queued"
    clock("2026-07-07T21:30:00+02:00")
    assert said(away.missed_call(night))["status"] == "deferred"
    clock("2026-07-08T07:00:01+02:00")
    row = wait_for(lambda: [m for m in away.outbound(evening) if m["status"] == "expired"])[0]
    assert [e["event_type"] for e in away.events(row["ticket_id"])][-1] == "sms_expired"
    # put off on purpose: of use for as long as any other, from then on
    assert away.outbound(night)[0]["status"] == "queued"
    clock("2026-07-08T09:00:01+02:00")
    wait_for(lambda: away.outbound(night)[0]["status"] == "expired")


def test_three_calls_of_one_night_are_one_text_in_the_morning(firm, night, clock):
    caller = mobile()
    answers = []
    for instant in ("2026-07-07T22:00:00+02:00", "2026-07-07T22:40:00+02:00", "2026-07-08T00:10:00+02:00"):
        clock(instant)
        answers.append(said(night.missed_call(caller)))
    assert [a["status"] for a in answers] == ["deferred", "dedupe", "dedupe"]
    assert answers[0]["ticket_id"] == answers[1]["ticket_id"] != answers[2]["ticket_id"]  # another day
    assert len(texts(night, caller)) == 1
    clock("2026-07-08T07:00:01+02:00")
    wait_sent(night, caller)
    wait_for_a_look(firm)
    wait_sent(night, caller)


def test_who_said_stop_and_start_at_night_is_texted_in_the_morning(night, clock):
    """STOP took back the text that waited: there is none that a call could repeat."""
    caller = mobile()
    clock("2026-07-07T23:30:00+02:00")
    assert said(night.missed_call(caller))["status"] == "deferred"
    night.text(caller, "STOP")
    night.text(caller, "START")
    assert said(night.missed_call(caller))["status"] == "deferred"
    wait_for(  # by the morning they would be too late
        lambda: [m["status"] for m in night.outbound(caller) if m["template"].startswith("reply_")] == ["sent"] * 2,
        what="the answers to both",
    )
    clock("2026-07-08T07:00:01+02:00")
    rows = wait_sent(night, caller, 3)
    assert [m["template"] for m in rows].count("missed_call") == 1


def test_the_fifteen_minutes_begin_when_the_text_leaves(night, clock):
    caller = mobile()
    clock("2026-07-08T06:40:00+02:00")
    assert said(night.missed_call(caller))["status"] == "deferred"
    clock("2026-07-08T07:05:00+02:00")
    wait_sent(night, caller)
    assert said(night.missed_call(caller))["status"] == "dedupe"
    clock("2026-07-08T07:16:00+02:00")
    assert said(night.missed_call(caller))["status"] == "queued"
    wait_sent(night, caller, 2)


def test_a_firm_may_offer_help_at_night_at_once(stack, clock):
    firm = stack.tenant(
        quiet_hours_start="21:00", quiet_hours_end="07:00",
        config={"language": "de", "languages": ["de"], "quiet_hours": {"text_back": "emergency"}},
    )
    caller, weekend, day = mobile(), mobile(), mobile()
    clock("2026-07-07T23:30:00+02:00")
    assert said(firm.missed_call(caller))["status"] == "queued"
    assert said(firm.missed_call(caller))["status"] == "dedupe"
    (row,) = wait_sent(firm, caller)
    assert EMERGENCY in row["body"]
    clock("2026-07-11T23:30:00+02:00")
    assert said(firm.missed_call(weekend))["status"] == "queued"
    assert EMERGENCY in texts(firm, weekend)[0]["body"]
    clock("2026-07-08T12:00:00+02:00")
    assert said(firm.missed_call(day))["status"] == "queued"
    assert WEEKDAY in texts(firm, day)[0]["body"]


@pytest.mark.parametrize("call, awake, before, after", [
    # The hour from 02:00 is left out: 02:30 is the moment of the jump.
    ("2026-03-28T23:30:00+01:00", "2026-03-29T01:00:00+00:00", "2026-03-29T00:59:00Z", "2026-03-29T01:00:01Z"),
    ("2026-03-29T01:59:00+01:00", "2026-03-29T01:00:00+00:00", "2026-03-29T00:59:05Z", "2026-03-29T01:00:01Z"),
    # The hour from 02:00 comes twice: the first 02:30 counts.
    ("2026-10-24T23:30:00+02:00", "2026-10-25T00:30:00+00:00", "2026-10-25T00:29:00Z", "2026-10-25T00:30:01Z"),
])
def test_nights_on_which_the_clocks_change(stack, firm, clock, call, awake, before, after):
    sleeper = stack.tenant(quiet_hours_start="22:00", quiet_hours_end="02:30")
    caller = mobile()
    clock(call)
    assert said(sleeper.missed_call(caller))["status"] == "deferred"
    (row,) = sleeper.outbound(caller)
    assert row["not_before"] == utc(awake)
    clock(before)
    wait_for_a_look(firm)
    assert sleeper.outbound(caller)[0]["status"] == "queued"
    clock(after)
    wait_sent(sleeper, caller)


def test_quiet_hours_are_over_once_in_the_long_night(stack, clock):
    sleeper = stack.tenant(quiet_hours_start="22:00", quiet_hours_end="02:30")
    for instant in ("2026-10-25T00:45:00Z", "2026-10-25T01:15:00Z", "2026-10-25T01:45:00Z"):
        clock(instant)
        assert said(sleeper.missed_call(mobile()))["status"] == "queued", instant


def test_quiet_hours_from_midnight_on(stack, clock):
    sleeper = stack.tenant(quiet_hours_start="00:00", quiet_hours_end="06:00")
    clock("2026-07-07T23:59:00+02:00")
    assert said(sleeper.missed_call(mobile()))["status"] == "queued"
    clock("2026-07-08T00:00:30+02:00")
    caller = mobile()
    assert said(sleeper.missed_call(caller))["status"] == "deferred"
    assert texts(sleeper, caller)[0]["not_before"] == utc("2026-07-08T06:00:00+02:00")


# ---- who gets no text -----------------------------------------------------------------------


@pytest.mark.parametrize("caller", WITHHELD)
def test_a_caller_without_a_number_is_a_ticket_without_a_text(firm, caller):
    first, second = said(firm.missed_call(caller)), said(firm.missed_call(caller))
    assert (first["status"], first["reason"]) == ("recorded", "withheld")
    # Two such calls have nothing in common.
    assert first["ticket_id"] != second["ticket_id"]
    ticket = firm.stack.one("select * from tickets where id = %s", first["ticket_id"])
    assert ticket["contact_id"] is None and ticket["contact_phone"] is None and ticket["dedupe_key"] is None
    assert (ticket["source"], ticket["status"], ticket["urgency"]) == ("missed_call", "NEW", "MED")
    row = firm.stack.one("select * from sms_log where ticket_id = %s", first["ticket_id"])
    assert (row["status"], row["reason"], row["to_number"]) == ("suppressed", "withheld", None)


def test_a_call_of_a_telephone_system_with_a_long_address_is_not_lost(firm):
    address = "sip:" + "a" * 60 + "@" + "pbx" * 10 + ".example.ch;transport=udp"
    assert said(firm.missed_call(address))["reason"] == "withheld"


@pytest.mark.parametrize("caller", ["12345", "117", "+4179", "no number at all", "+41 79 12"])
def test_a_number_that_is_none_is_a_ticket_without_a_text(firm, caller):
    answer = said(firm.missed_call(caller))
    assert answer["status"] == "recorded" and answer["reason"]
    row = firm.stack.one("select * from sms_log where ticket_id = %s", answer["ticket_id"])
    assert row["status"] == "suppressed" and row["reason"] == answer["reason"]


def test_a_landline_is_a_ticket_without_a_text(firm):
    caller = landline()
    answer = said(firm.missed_call(caller))
    assert (answer["status"], answer["reason"]) == ("recorded", "landline")
    (ticket,) = firm.tickets(caller)
    assert ticket["contact_phone"] == caller
    (row,) = firm.outbound(caller)
    assert (row["status"], row["reason"], str(row["ticket_id"])) == ("suppressed", "landline", answer["ticket_id"])


def test_twenty_calls_of_a_landline_do_not_fill_the_log(firm):
    caller = landline()
    answers = [said(firm.missed_call(caller)) for _ in range(20)]
    assert {a["reason"] for a in answers} == {"landline"} and len({a["ticket_id"] for a in answers}) == 1
    assert len(firm.outbound(caller)) == 1
    (ticket,) = firm.tickets(caller)
    assert len(firm.events(ticket["id"])) >= 20  # each call is in the history


@pytest.mark.parametrize("caller", ["0800 800 800", "+41 900 123 456", "+41 58 123 45 67", "+1 212 555 0100"])
def test_numbers_of_other_kinds_and_countries_get_no_text(firm, caller):
    answer = said(firm.missed_call(caller))
    assert answer["status"] == "recorded" and answer["reason"]
    rows = firm.stack.sql("select * from sms_log where ticket_id = %s", answer["ticket_id"])
    assert all(r["status"] == "suppressed" and r["reason"] for r in rows)


def test_destinations_are_the_firms_choice(stack):
    firm = stack.tenant(config={"language": "de", "languages": ["de"], "sms": {"countries": ["+49"]}})
    swiss = said(firm.missed_call(mobile()))
    assert (swiss["status"], swiss["reason"]) == ("recorded", "destination")
    assert said(firm.missed_call("+49 151 23456789"))["status"] == "queued"


@pytest.mark.parametrize("own", ["phone", "sms_number"])
def test_the_firm_does_not_text_itself(firm, own):
    caller = getattr(firm, own)
    answer = said(firm.missed_call(caller))
    assert (answer["status"], answer["reason"]) == ("recorded", "own_number")
    assert texts(firm, caller) == [] and len(suppressed(firm, caller)) == 1


def test_two_firms_that_miss_each_others_calls_come_to_rest(stack, firm, clock):
    """Each one's text is a text to the other: none of them may answer for ever."""
    other = stack.tenant()
    clock("2026-07-08T10:00:00+02:00")
    for _ in range(6):
        firm.missed_call(other.sms_number)
        other.missed_call(firm.sms_number)
    assert len(texts(firm, other.sms_number)) <= 1 and len(texts(other, firm.sms_number)) <= 1


def test_without_the_module_calls_become_tickets_only(stack):
    firm = stack.tenant(modules={"missed_call": False})
    caller = mobile()
    answer = said(firm.missed_call(caller))
    assert (answer["status"], answer["reason"]) == ("recorded", "module_off")
    assert len(firm.tickets(caller)) == 1
    assert [m["reason"] for m in firm.outbound(caller)] == ["module_off"]


def test_who_said_stop_gets_no_text(firm):
    caller = mobile()
    firm.text(caller, "STOP")
    answer = said(firm.missed_call(caller))
    assert (answer["status"], answer["reason"]) == ("recorded", "opted_out")
    assert len(firm.tickets(caller)) == 1
    assert [m["reason"] for m in suppressed(firm, caller)] == ["opted_out"]
    wait_sent(firm, caller)  # the confirmation of STOP, and nothing else


def test_four_automatic_texts_in_a_day_are_enough(firm, clock):
    caller = mobile()
    for minute in (0, 16, 32, 48):
        clock(f"2026-07-08T10:{minute:02}:00+02:00")
        assert said(firm.missed_call(caller))["status"] == "queued"
    clock("2026-07-08T11:04:00+02:00")
    answer = said(firm.missed_call(caller))
    assert (answer["status"], answer["reason"]) == ("recorded", "loop_guard")
    assert [m["reason"] for m in suppressed(firm, caller)] == ["loop_guard"]
    wait_sent(firm, caller, 4)
    clock("2026-07-09T10:00:30+02:00")
    assert said(firm.missed_call(caller))["status"] == "queued"


def test_a_spent_daily_budget_is_visible(stack, clock):
    firm = stack.tenant(daily_segments=1)
    clock("2026-07-08T10:00:00+02:00")
    first, second = mobile(), mobile()
    firm.missed_call(first)
    wait_sent(firm, first)
    answer = said(firm.missed_call(second))
    assert (answer["status"], answer["reason"]) == ("recorded", "budget")
    assert len(firm.tickets(second)) == 1 and [m["reason"] for m in firm.outbound(second)] == ["budget"]
    clock("2026-07-09T00:00:30+02:00")
    assert said(firm.missed_call(mobile()))["status"] == "queued"


# ---- the ticket it joins --------------------------------------------------------------------


def test_a_call_joins_the_wizards_ticket_of_the_day_and_weakens_nothing(firm):
    caller = mobile()
    made = firm.ticket(
        caller, urgency="HIGH", intent="leak", contact_name="Vreni Muster", summary="Wasser im Keller").json()
    firm.move(made["ticket_id"], "IN_PROGRESS")
    (before,) = firm.tickets(caller)
    answer = said(firm.missed_call(caller))
    assert (answer["ticket_id"], answer["number"]) == (made["ticket_id"], made["number"])
    (after,) = firm.tickets(caller)
    for column in ("source", "status", "intent", "urgency", "contact_name", "summary", "sla_due_at", "created_at"):
        assert after[column] == before[column], column
    assert after["unread"]
    last = [e for e in firm.events(made["ticket_id"]) if e["event_type"] == "updated"]
    assert [e["new_value"] for e in last] == ["missed_call"]


def test_a_call_raises_the_urgency_of_a_ticket_and_says_so(firm):
    caller = mobile()
    made = firm.ticket(caller, urgency="LOW").json()
    firm.missed_call(caller)
    assert firm.tickets(caller)[0]["urgency"] == "MED"
    changes = [(e["old_value"], e["new_value"]) for e in firm.events(made["ticket_id"])
               if e["event_type"] == "urgency_changed"]
    assert changes == [("LOW", "MED")]


def test_a_call_of_another_day_is_another_ticket(firm, clock):
    caller = mobile()
    clock("2026-07-08T23:50:00+02:00")
    first = said(firm.missed_call(caller))
    clock("2026-07-09T00:10:00+02:00")
    second = said(firm.missed_call(caller))
    assert first["ticket_id"] != second["ticket_id"]
    keys = [t["dedupe_key"] for t in firm.tickets(caller)]
    assert keys == [f"{firm.id}:{caller}:2026-07-08", f"{firm.id}:{caller}:2026-07-09"]


def test_a_call_reopens_a_finished_ticket(firm):
    caller = mobile()
    made = said(firm.missed_call(caller))
    firm.move(made["ticket_id"], "DONE")
    (done,) = firm.tickets(caller)
    assert done["status"] == "DONE" and done["job_completed_at"] and done["review_due_at"]
    again = said(firm.missed_call(caller))
    assert again["ticket_id"] == made["ticket_id"]
    (ticket,) = firm.tickets(caller)
    assert ticket["status"] == "NEW" and ticket["unread"]
    assert ticket["job_completed_at"] is None and ticket["review_due_at"] is None
    assert ticket["sla_due_at"] >= done["sla_due_at"]
    moves = [(e["old_value"], e["new_value"]) for e in firm.events(ticket["id"]) if e["event_type"] == "status_changed"]
    assert moves == [("NEW", "DONE"), ("DONE", "NEW")]


def test_a_closed_ticket_stays_closed(firm):
    caller = mobile()
    made = said(firm.missed_call(caller))
    firm.move(made["ticket_id"], "CLOSED")
    again = said(firm.missed_call(caller))
    assert again["ticket_id"] != made["ticket_id"]
    assert [t["status"] for t in firm.tickets(caller)] == ["CLOSED", "NEW"]


# ---- the number that was called -------------------------------------------------------------


def test_a_number_of_nobody_is_not_found_and_the_call_is_kept(stack):
    sid = uuid.uuid4().hex
    call = {"From": mobile(), "To": landline(), "CallStatus": "no-answer", "CallSid": sid}
    first, second = stack.post(PATH, call), stack.post(PATH, call)
    assert first.status_code == second.status_code == 404
    assert first.headers["Content-Type"].split(";")[0] == "application/problem+json"
    problems = [{k: v for k, v in a.json().items() if k != "instance"} for a in (first, second)]
    assert problems[0] == problems[1] and problems[0]["type"].endswith("tenant-unknown")
    kept = stack.one("select * from inbound_events where event_id like %s", sid + ":%")
    assert kept["customer_id"] is None and kept["outcome"] == "unmatched" and call["From"] in kept["raw"]
    assert stack.sql("select 1 from tickets where contact_phone = %s", call["From"]) == []


def test_a_number_that_is_none_is_not_found_and_the_call_is_kept(stack):
    sid = uuid.uuid4().hex
    answer = stack.post(PATH, {"From": mobile(), "To": "12", "CallSid": sid})
    assert answer.status_code == 404
    assert stack.one("select * from inbound_events where event_id like %s", sid + ":%")["customer_id"] is None


def test_a_firm_that_left_is_not_found_and_the_call_is_kept(stack):
    firm = stack.tenant(active=False)
    sid = uuid.uuid4().hex
    assert firm.missed_call(mobile(), CallSid=sid).status_code == 404
    kept = stack.sql("select * from inbound_events where event_id like %s", sid + ":%")
    assert len(kept) == 1 and firm.tickets() == []


@pytest.mark.parametrize("writing", ["00{}", "{}", "+{}", "0{national}", "+{} ", "+41 (0){national}"])
def test_the_called_number_in_any_writing(firm, writing):
    digits = firm.phone[1:]
    called = writing.format(digits, national=digits[2:])
    if writing == "0{national}":
        called = f"{called[:3]} {called[3:6]} {called[6:8]} {called[8:]}"
    caller = mobile()
    assert said(firm.missed_call(caller, To=called))["status"] == "queued"
    assert len(firm.tickets(caller)) == 1


@pytest.mark.parametrize("writing", ["00{}", "{}", "0{national}", "+41 (0){national}", " +{} "])
def test_the_calling_number_in_any_writing(firm, writing):
    caller = mobile()
    sent = writing.format(caller[1:], national=caller[3:])
    assert said(firm.missed_call(sent))["status"] == "queued"
    assert len(firm.tickets(caller)) == 1


def test_the_number_for_texts_may_ring_as_well(firm):
    caller = mobile()
    assert said(firm.missed_call(caller, To=firm.sms_number))["status"] == "queued"
    assert len(firm.tickets(caller)) == 1


# ---- each event once ------------------------------------------------------------------------


def storm(stack, calls):
    """All at once, each on a connection of its own: status and body of each answer."""
    def call(body):
        answer = requests.post(stack.base + PATH, json=body, timeout=60)
        return answer.status_code, answer.content

    with concurrent.futures.ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(call, calls))


def test_an_event_delivered_twice_is_answered_with_the_same_bytes(firm):
    caller, sid = mobile(), uuid.uuid4().hex
    first, second = (firm.missed_call(caller, CallSid=sid) for _ in range(2))
    assert first.content == second.content and first.headers["Content-Type"] == second.headers["Content-Type"]
    (ticket,) = firm.tickets(caller)
    assert [e["event_type"] for e in firm.events(ticket["id"])][0] == "created"
    wait_sent(firm, caller)
    assert "updated" not in [e["event_type"] for e in firm.events(ticket["id"])]


def test_the_first_answer_is_given_again_whatever_happened_since(firm):
    caller, sid = mobile(), uuid.uuid4().hex
    first = firm.missed_call(caller, CallSid=sid)
    firm.move(first.json()["ticket_id"], "DONE")
    assert firm.missed_call(caller, CallSid=sid).content == first.content
    assert firm.tickets(caller)[0]["status"] == "DONE"


def test_one_call_is_one_event_though_twilio_tells_of_it_twice(firm):
    """The action of a Dial and the callback at the end of the call carry the same CallSid."""
    caller, sid = mobile(), "CA" + secrets.token_hex(16)
    twilio(firm, caller, CallSid=sid, CallStatus="in-progress", DialCallStatus="no-answer")
    twilio(firm, caller, CallSid=sid, CallStatus="no-answer", Timestamp="Wed, 08 Jul 2026 10:00:00 +0000")
    (ticket,) = firm.tickets(caller)
    wait_sent(firm, caller)
    assert "updated" not in [e["event_type"] for e in firm.events(ticket["id"])]


def test_one_firm_cannot_swallow_the_event_of_another(stack, firm):
    other = stack.tenant()
    sid, caller = uuid.uuid4().hex, mobile()
    first, second = said(firm.missed_call(caller, CallSid=sid)), said(other.missed_call(caller, CallSid=sid))
    assert first["status"] == second["status"] == "queued"
    assert len(firm.tickets(caller)) == len(other.tickets(caller)) == 1


def test_an_event_of_nobody_does_not_swallow_one_of_a_firm(stack, firm):
    sid, caller = uuid.uuid4().hex, mobile()
    assert stack.post(PATH, {"From": caller, "To": landline(), "CallSid": sid}).status_code == 404
    assert said(firm.missed_call(caller, CallSid=sid))["status"] == "queued"


@pytest.mark.parametrize("turn", range(ROUNDS))
def test_one_event_delivered_by_many_at_once(firm, turn):
    caller = mobile()
    call = {"From": caller, "To": firm.phone, "CallStatus": "no-answer", "CallSid": uuid.uuid4().hex}
    answers = storm(firm.stack, [call] * PARALLEL)
    assert len(set(answers)) == 1 and answers[0][0] == 200, set(answers)
    (ticket,) = firm.tickets(caller)
    wait_sent(firm, caller)
    kinds = [e["event_type"] for e in firm.events(ticket["id"])]
    assert kinds == ["created", "sms_sent"]


@pytest.mark.parametrize("turn", range(ROUNDS))
def test_one_caller_who_calls_many_times_at_once(firm, turn):
    caller = mobile()
    calls = [{"From": caller, "To": firm.phone, "CallStatus": "no-answer", "CallSid": uuid.uuid4().hex}
             for _ in range(PARALLEL)]
    answers = storm(firm.stack, calls)
    assert {status for status, _ in answers} == {200}
    (ticket,) = firm.tickets(caller)
    bodies = [body for _, body in answers]
    assert sum(b'"queued"' in b for b in bodies) == 1 and sum(b'"dedupe"' in b for b in bodies) == PARALLEL - 1
    assert all(str(ticket["id"]).encode() in b for b in bodies)
    wait_sent(firm, caller)
    kinds = [e["event_type"] for e in firm.events(ticket["id"])]
    assert kinds.count("created") == 1 and kinds.count("updated") == PARALLEL - 1


def round_trips(stack, answer):
    """How often the database was asked for that request, as its line in the log says."""
    return int(re.search(r" db (\d+) ", stack.wait_line("missed_call", answer)).group(1))


def test_a_warm_call_asks_the_database_once(firm):
    calls = [firm.missed_call(mobile()) for _ in range(12)]
    trips = [round_trips(firm.stack, c) for c in calls]
    # Each worker asks once in a while whose number it is.
    assert min(trips) == 1 and max(trips) <= 3 and trips.count(1) >= 6, trips


# ---- what is kept ---------------------------------------------------------------------------


def tables(stack):
    return [r["table_name"] for r in stack.sql(
        "select table_name from information_schema.tables where table_schema = 'public' and table_type = 'BASE TABLE'")]


def test_addresses_of_recordings_are_stored_nowhere(firm):
    caller, secret = mobile(), secrets.token_hex(8)
    address = f"https://api.example.com/{secret}.mp3"
    twilio(firm, caller, RecordingUrl=address, RecordingSid="RE" + secrets.token_hex(16))
    twilio(firm, mobile(), RecordingUrl=address, CallStatus="completed")
    twilio(firm, mobile(), RecordingUrl=address, To=landline())
    firm.missed_call(mobile(), RecordingUrl=address)
    firm.missed_call(mobile(), recording_url=address)
    firm.missed_call(mobile(), legs=[{"recording_url": address}, [[{"MediaUrl": address}]]])
    wait_sent(firm, caller)
    found = [t for t in tables(firm.stack)
             if firm.stack.sql(f"select 1 from {t} x where x::text like %s limit 1", f"%{secret}%")]
    assert found == []
    assert in_logs(firm.stack, secret) == []


def in_logs(stack, word):
    """Logs in which a word stands; what the console provider carried is no log."""
    return [f.name for f in (stack.state / "log").iterdir()
            if f.is_file() and f.name != "messages.jsonl" and word in f.read_text(errors="replace")]


def test_numbers_are_masked_in_the_logs(firm):
    caller, fixed, unknown = mobile(), landline(), mobile()
    firm.missed_call(caller)
    firm.missed_call(fixed)
    firm.missed_call(caller, CallStatus="completed")
    firm.stack.post(PATH, {"From": unknown, "To": landline()})
    firm.missed_call("0" + caller[3:] + "000000")
    wait_sent(firm, caller)
    for number in (caller, fixed, unknown):
        assert in_logs(firm.stack, number[3:]) == []
