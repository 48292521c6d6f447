"""POST /api/webhook/sms-reply: what a text of a contact does, and what is answered"""

import concurrent.futures
import datetime
import os
import re
import secrets
import uuid
import xml.etree.ElementTree
import zoneinfo

import pytest
import requests

from tests.support.stack import landline, mobile, wait_for

PATH = "/api/webhook/sms-reply"
ROUNDS = int(os.environ.get("OPSFABRIC_TEST_ROUNDS", "5"))
ZURICH = zoneinfo.ZoneInfo("Europe/Zurich")


@pytest.fixture(scope="module")
def firm(stack):
    """Without quiet hours; each test writes from numbers of its own."""
    return stack.tenant(daily_segments=100000)


def said(answer):
    assert answer.status_code == 200, answer.text
    assert answer.headers["Content-Type"].split(";")[0] == "application/json"
    return answer.json()


def inbound(firm, phone):
    return firm.stack.sql(
        "select * from sms_log where customer_id = %s and direction = 'inbound' and from_number = %s order by created_at, id",
        firm.id, phone)


def answers(firm, phone):
    """The answers to texts of that number, sent or waiting."""
    return [m for m in firm.outbound(phone) if m["template"].startswith("reply_") and m["status"] != "suppressed"]


def held_back(firm, phone):
    return [m["reason"] for m in firm.outbound(phone) if m["status"] == "suppressed"]


def kinds(firm, ticket_id):
    return [e["event_type"] for e in firm.events(ticket_id)]


def history(firm, ticket_id):
    """What the contact wrote, as the ticket's history has it."""
    return [e["new_value"] for e in firm.events(ticket_id) if e["event_type"] == "sms_received"]


def wait_sent(firm, phone, count):
    """Until everything for that number has left; it must be that many, also where the provider writes."""
    def all_sent():
        rows = [m for m in firm.outbound(phone) if m["status"] != "suppressed"]
        return rows if rows and all(m["status"] == "sent" for m in rows) else None

    rows = wait_for(all_sent, what=f"messages to {phone} being sent")
    lines = firm.stack.messages(phone)
    assert len(rows) == count and len(lines) == count, (rows, lines)
    return rows


def ticket_in(firm, status, phone, **fields):
    """A ticket of that contact in that status, as weak as tickets get."""
    made = firm.ticket(phone, urgency="LOW", summary="Hahn tropft", **fields).json()
    if status != "NEW":
        answer = firm.move(made["ticket_id"], status)
        assert answer.status_code == 200, answer.text
    return made["ticket_id"]


# ---- the table ------------------------------------------------------------------------------

LIVE = ["NEW", "NEEDS_CALLBACK", "SCHEDULED", "IN_PROGRESS", "DONE"]
WRITTEN = {
    "urgent": "1", "callback": "2", "form": "3", "text": "Es tropft immer noch", "courtesy": "Danke, ok",
    "stop": "STOP", "start": "START",
}
OPENS = {"urgent": ("NEW", "HIGH"), "callback": ("NEEDS_CALLBACK", "MED"), "text": ("NEW", "MED")}
JOINS = {
    "urgent": {"DONE": "NEW"},
    "callback": {"NEW": "NEEDS_CALLBACK", "DONE": "NEEDS_CALLBACK"},
}
RAISES = {"urgent": "HIGH", "callback": "MED", "text": "MED"}


@pytest.mark.parametrize("meaning", WRITTEN)
@pytest.mark.parametrize("before", LIVE)
def test_what_a_text_does_to_a_ticket(firm, meaning, before):
    caller = mobile()
    ticket_id = ticket_in(firm, before, caller)
    (old,) = firm.tickets(caller)
    answer = said(firm.text(caller, WRITTEN[meaning]))
    (ticket,) = firm.tickets(caller)
    after = JOINS.get(meaning, {}).get(before, before)
    reopened = before == "DONE" and after != "DONE"
    answered = "none" if meaning in ("text", "courtesy") else "queued"
    assert answer == {
        "status": "received", "meaning": meaning, "ticket_id": ticket_id, "number": ticket["number"],
        "opened": False, "reopened": reopened, "answered": answered, "reason": None,
    }
    assert (ticket["status"], ticket["urgency"]) == (after, RAISES.get(meaning, "LOW"))
    assert ticket["source"] == old["source"] and ticket["summary"].startswith("Hahn tropft")
    # Everything is kept, and shown with the ticket.
    (row,) = inbound(firm, caller)
    assert (row["body"], row["status"], str(row["ticket_id"])) == (WRITTEN[meaning], "received", ticket_id)
    assert history(firm, ticket_id) == [WRITTEN[meaning]]
    changes = [(e["old_value"], e["new_value"]) for e in firm.events(ticket_id) if e["event_type"] == "status_changed"]
    assert (changes[-1:] == [(before, after)]) == (before != after)
    assert [m["template"] for m in answers(firm, caller)] == ([] if answered == "none" else ["reply_" + meaning])
    if meaning in RAISES:
        assert ticket["unread"]
    if reopened:
        assert ticket["job_completed_at"] is None and ticket["review_due_at"] is None
        assert ticket["sla_due_at"] >= old["sla_due_at"]
    elif before == "DONE":
        assert ticket["job_completed_at"] == old["job_completed_at"]
        assert ticket["review_due_at"] == old["review_due_at"]


@pytest.mark.parametrize("meaning", WRITTEN)
@pytest.mark.parametrize("before", [None, "CLOSED"])
def test_what_a_text_does_without_a_live_ticket(firm, meaning, before):
    caller = mobile()
    if before:
        ticket_in(firm, before, caller)
    answer = said(firm.text(caller, WRITTEN[meaning]))
    answered = "none" if meaning == "courtesy" else "queued"
    assert (answer["meaning"], answer["opened"], answer["answered"]) == (meaning, meaning in OPENS, answered)
    live = [t for t in firm.tickets(caller) if t["status"] != "CLOSED"]
    (row,) = inbound(firm, caller)
    assert (row["body"], row["status"]) == (WRITTEN[meaning], "received")
    if meaning in OPENS:
        (ticket,) = live
        assert (ticket["status"], ticket["urgency"]) == OPENS[meaning]
        assert (ticket["source"], ticket["unread"]) == ("sms_reply", True)
        assert answer["ticket_id"] == str(ticket["id"]) == str(row["ticket_id"])
        assert kinds(firm, ticket["id"])[0] == "created" and history(firm, ticket["id"]) == [WRITTEN[meaning]]
    else:
        assert live == [] and answer["ticket_id"] is None and row["ticket_id"] is None
    assert [m["template"] for m in answers(firm, caller)] == ([] if answered == "none" else ["reply_" + meaning])
    assert len(firm.tickets(caller)) == (meaning in OPENS) + (before is not None)


@pytest.mark.parametrize("meaning, words", [
    ("urgent", ["1", "1.", " 1 ", "1 bitte", "eins", "Eis", "Notfall", "NOTFALL!!!", "dringend", "urgence", "emergenza",
                "emergency", "1\ufe0f\u20e3"]),
    ("callback", ["2", "2!", "zwei", "zwöi", "Rückruf", "Rueckruf bitte", "deux", "rappel", "due", "call me back"]),
    ("form", ["3", "drei", "Formular", "formulaire", "modulo", "three"]),
    ("stop", ["STOP", "Stopp", "stop bitte", "ARRET", "ARRÊT", "BASTA", "Stop!"]),
    ("start", ["START", "Start bitte"]),
    ("courtesy", ["danke", "ok", "merci", "👍", "Danke vielmals!", "grazie mille"]),
    ("text", ["Wann kommen Sie?", "Ich wohne an der Hauptstrasse 1", "Kein Notfall, aber es tropft"]),
])
def test_people_write_as_they_like(firm, meaning, words):
    for word in words:
        assert said(firm.text(mobile(), word))["meaning"] == meaning, word


# ---- nothing is weakened --------------------------------------------------------------------


def test_a_courtesy_after_an_emergency_leaves_the_emergency(firm):
    caller = mobile()
    ticket_id = ticket_in(firm, "SCHEDULED", caller)
    firm.text(caller, "1")
    answer = said(firm.text(caller, "danke ok"))
    assert (answer["meaning"], answer["answered"], answer["ticket_id"]) == ("courtesy", "none", ticket_id)
    (ticket,) = firm.tickets(caller)
    assert (ticket["status"], ticket["urgency"]) == ("SCHEDULED", "HIGH")
    assert history(firm, ticket_id) == ["1", "danke ok"]


def test_a_second_emergency_is_kept_and_changes_nothing_more(firm):
    caller = mobile()
    first = said(firm.text(caller, "1"))
    second = said(firm.text(caller, "1 Wasser läuft aus!"))
    assert first["opened"] and not second["opened"] and second["ticket_id"] == first["ticket_id"]
    assert history(firm, first["ticket_id"]) == ["1", "1 Wasser läuft aus!"]
    assert [m["body"] for m in inbound(firm, caller)] == ["1", "1 Wasser läuft aus!"]
    assert "urgency_changed" not in kinds(firm, first["ticket_id"])  # it was opened so
    assert "status_changed" not in kinds(firm, first["ticket_id"])


def test_asking_for_a_call_after_an_emergency_leaves_the_emergency(firm):
    caller = mobile()
    firm.text(caller, "1")
    firm.text(caller, "2")
    firm.text(caller, "Der Boiler tropft")
    (ticket,) = firm.tickets(caller)
    assert (ticket["status"], ticket["urgency"]) == ("NEEDS_CALLBACK", "HIGH")


def test_raising_the_urgency_is_in_the_history_once(firm):
    caller = mobile()
    ticket_id = ticket_in(firm, "NEW", caller)
    firm.text(caller, "1")
    firm.text(caller, "1")
    changes = [(e["old_value"], e["new_value"]) for e in firm.events(ticket_id) if e["event_type"] == "urgency_changed"]
    assert changes == [("LOW", "HIGH")]


def test_text_on_a_finished_ticket_waits_for_an_answer(firm, clock):
    caller = mobile()
    clock("2026-07-08T10:00:00+02:00")
    ticket_id = ticket_in(firm, "DONE", caller)
    (done,) = firm.tickets(caller)
    assert not done["unread"]
    clock("2026-07-08T15:00:00+02:00")
    firm.text(caller, "Es tropft wieder")
    (ticket,) = firm.tickets(caller)
    assert (ticket["status"], ticket["unread"]) == ("DONE", True)
    assert ticket["sla_due_at"] >= datetime.datetime(2026, 7, 8, 17, 0, tzinfo=ZURICH)
    assert ticket["review_due_at"] == done["review_due_at"]
    # Who writes again is not put off again.
    clock("2026-07-08T16:00:00+02:00")
    firm.text(caller, "Hallo?")
    assert firm.tickets(caller)[0]["sla_due_at"] == ticket["sla_due_at"]
    assert history(firm, ticket_id) == ["Es tropft wieder", "Hallo?"]
    assert firm.tickets(caller)[0]["summary"] == "Hahn tropft\nEs tropft wieder\nHallo?"


def test_a_courtesy_on_a_finished_ticket_is_nobodys_work(firm):
    caller = mobile()
    ticket_in(firm, "DONE", caller)
    firm.text(caller, "Merci vielmal 👍")
    (ticket,) = firm.tickets(caller)
    assert (ticket["status"], ticket["unread"]) == ("DONE", False)


# ---- the ticket it joins --------------------------------------------------------------------


def test_an_answer_after_midnight_joins_the_ticket_of_the_call(firm, clock):
    caller = mobile()
    clock("2026-07-08T23:50:00+02:00")
    called = said(firm.missed_call(caller))
    clock("2026-07-09T00:10:00+02:00")
    assert said(firm.text(caller, "1"))["ticket_id"] == called["ticket_id"]
    assert len(firm.tickets(caller)) == 1


def test_the_newest_of_the_open_tickets_is_joined(firm, clock):
    caller = mobile()
    clock("2026-07-06T10:00:00+02:00")
    ticket_in(firm, "NEW", caller)
    clock("2026-07-07T10:00:00+02:00")
    newer = ticket_in(firm, "NEW", caller)
    clock("2026-07-08T10:00:00+02:00")
    assert said(firm.text(caller, "2"))["ticket_id"] == newer


def test_an_open_ticket_is_joined_before_a_newer_finished_one(firm, clock):
    caller = mobile()
    clock("2026-07-06T10:00:00+02:00")
    still_open = ticket_in(firm, "IN_PROGRESS", caller)
    clock("2026-07-07T10:00:00+02:00")
    ticket_in(firm, "DONE", caller)
    clock("2026-07-08T10:00:00+02:00")
    assert said(firm.text(caller, "1"))["ticket_id"] == still_open
    assert [t["status"] for t in firm.tickets(caller)] == ["IN_PROGRESS", "DONE"]


def test_a_ticket_of_last_week_is_joined_and_an_older_one_is_not(firm, clock):
    caller, late = mobile(), mobile()
    clock("2026-07-01T10:00:00+02:00")
    recent, old = ticket_in(firm, "NEW", caller), ticket_in(firm, "NEW", late)
    clock("2026-07-08T09:58:00+02:00")
    assert said(firm.text(caller, "2"))["ticket_id"] == recent
    clock("2026-07-08T10:02:00+02:00")
    answer = said(firm.text(late, "2"))
    assert answer["opened"] and answer["ticket_id"] != old
    assert [t["status"] for t in firm.tickets(late)] == ["NEW", "NEEDS_CALLBACK"]


def test_another_contacts_ticket_is_not_joined(firm):
    ticket_in(firm, "NEW", mobile())
    assert said(firm.text(mobile(), "2"))["opened"]


def test_a_call_joins_the_ticket_that_a_text_opened(firm):
    caller = mobile()
    opened = said(firm.text(caller, "Der Boiler tropft"))
    assert said(firm.missed_call(caller))["ticket_id"] == opened["ticket_id"]


# ---- the answer -----------------------------------------------------------------------------


def test_the_answer_comes_from_the_number_that_was_written_to(firm):
    caller = mobile()
    answer = said(firm.text(caller, "1"))
    (row,) = wait_sent(firm, caller, 1)
    (line,) = firm.stack.messages(caller)
    assert line["from"] == row["from_number"] == firm.sms_number
    assert str(row["ticket_id"]) == answer["ticket_id"] and 1 <= row["segments"] <= 2
    assert line["body"] == row["body"] and line["body"].startswith("Muster Haustechnik AG:")
    assert "Notfall" in line["body"]
    assert kinds(firm, answer["ticket_id"]) == ["created", "sms_received", "alert_impossible", "sms_sent"]


@pytest.mark.parametrize("written_at, said_so, due", [
    ("2026-07-08T10:02:00+02:00", "bis 12:05", "2026-07-08T12:05:00+02:00"),
    ("2026-07-07T23:30:00+02:00", "morgen bis 09:00", "2026-07-08T09:00:00+02:00"),
    ("2026-07-08T00:30:00+02:00", "bis 09:00", "2026-07-08T09:00:00+02:00"),
])
def test_the_promise_is_the_time_that_escalates(stack, clock, written_at, said_so, due):
    night = stack.tenant(quiet_hours_start="21:00", quiet_hours_end="07:00")
    for word in ("2", "Der Boiler tropft"):
        caller = mobile()
        clock(written_at)
        assert said(night.text(caller, word))["answered"] == "queued"  # who writes at night is awake
        (row,) = wait_sent(night, caller, 1)
        assert f" {said_so}" in row["body"]
        (ticket,) = night.tickets(caller)
        assert ticket["sla_due_at"] == datetime.datetime.fromisoformat(due)
        # and an answer that promises it does not leave after it
        late = datetime.datetime.fromisoformat(written_at) + datetime.timedelta(hours=4)
        assert min(late, ticket["sla_due_at"]) <= row["expires_at"] <= min(late + datetime.timedelta(minutes=1), ticket["sla_due_at"])


@pytest.mark.parametrize(
    "called_at, written_at, said_so",
    [
        ("2027-06-09T10:02:00+02:00", "2027-06-09T10:20:00+02:00", "Danke, wir rufen Sie bis 12:05 zurück."),
        ("2027-06-09T20:31:00+02:00", "2027-06-09T20:35:00+02:00", "Danke, wir rufen Sie morgen bis 08:35 zurück."),
        # The same promise, as one says it the next morning.
        ("2027-06-09T20:31:00+02:00", "2027-06-10T07:10:00+02:00", "Danke, wir rufen Sie bis 08:35 zurück."),
        # None that is over.
        ("2027-06-09T10:02:00+02:00", "2027-06-09T12:05:00+02:00", "Danke, wir haben notiert, dass Sie einen Rückruf wünschen."),
    ],
)
def test_who_asks_for_a_call_hears_what_the_missed_call_was_worth(stack, clock, called_at, written_at, said_so):
    """The ticket's promise was made before anybody could be told."""
    firm = stack.tenant(quiet_hours_start="21:00", quiet_hours_end="07:00")
    caller = mobile()
    clock(called_at)
    assert firm.missed_call(caller).status_code == 200
    (before,) = firm.tickets(caller)
    clock(written_at)
    assert said(firm.text(caller, "2"))["answered"] == "queued"
    (row,) = answers(firm, caller)
    assert (row["body"], row["segments"]) == (f"Muster Haustechnik AG: {said_so}", 1)
    (ticket,) = firm.tickets(caller)
    assert ticket["sla_due_at"] == before["sla_due_at"]


def test_no_hour_is_promised_for_what_is_being_done(firm, clock):
    caller = mobile()
    clock("2027-06-09T10:02:00+02:00")
    ticket_in(firm, "SCHEDULED", caller)
    said(firm.text(caller, "2"))
    (row,) = answers(firm, caller)
    assert "notiert" in row["body"]


def test_a_reopened_ticket_gets_a_promise_of_today(firm, clock):
    caller = mobile()
    clock("2026-07-07T10:00:00+02:00")
    ticket_in(firm, "DONE", caller)
    clock("2026-07-08T10:02:00+02:00")
    assert said(firm.text(caller, "2"))["reopened"]
    assert "bis 12:05" in answers(firm, caller)[0]["body"]
    assert firm.tickets(caller)[0]["sla_due_at"] == datetime.datetime(2026, 7, 8, 12, 5, tzinfo=ZURICH)


@pytest.mark.parametrize("domain", [None, "www.example-heizung.ch"])
def test_the_form_is_under_our_own_address(stack, domain):
    firm = stack.tenant(**({"website_domain": f"{uuid.uuid4().hex[:8]}.{domain}"} if domain else {}))
    caller = mobile()
    said(firm.text(caller, "3"))
    (row,) = wait_sent(firm, caller, 1)
    assert f"{stack.base}/{firm.slug}/anfrage" in row["body"].split()


@pytest.mark.parametrize("language, words", [
    ("de", "Notfall"), ("fr", "urgence"), ("it", "urgenza"), ("en", "emergency"),
])
def test_the_answer_is_in_the_contacts_language(firm, language, words):
    caller = mobile()
    firm.ticket(caller, language=language)
    said(firm.text(caller, "1"))
    (row,) = answers(firm, caller)
    assert words in row["body"] or {"it": "emergenza"}.get(language, words) in row["body"]


def test_who_is_not_known_is_answered_in_the_firms_language(stack):
    firm = stack.tenant(config={"language": "fr", "languages": ["fr", "de"]})
    caller = mobile()
    said(firm.text(caller, "2"))
    assert "nous vous rappelons" in answers(firm, caller)[0]["body"]


def test_further_texts_are_not_answered(firm):
    caller = mobile()
    first = said(firm.text(caller, "Der Boiler tropft"))
    second = said(firm.text(caller, "Jetzt noch mehr"))
    assert (first["answered"], second["answered"]) == ("queued", "none")
    wait_sent(firm, caller, 1)
    assert firm.tickets(caller)[0]["summary"] == "Der Boiler tropft\nJetzt noch mehr"


# ---- STOP and START -------------------------------------------------------------------------


def test_after_stop_nothing_is_sent_until_start(firm, clock):
    caller = mobile()
    clock("2026-07-08T10:00:00+02:00")
    assert said(firm.text(caller, "STOP"))["answered"] == "queued"
    wait_sent(firm, caller, 1)
    call = said(firm.missed_call(caller))
    assert (call["status"], call["reason"]) == ("recorded", "opted_out")
    made = firm.ticket(caller).json()
    assert (made["confirmation"], made["reason"], made["confirmation_sent"]) == ("suppressed", "opted_out", False)
    urgent = said(firm.text(caller, "1"))
    assert (urgent["answered"], urgent["reason"]) == ("suppressed", "opted_out")
    assert firm.tickets(caller)[0]["urgency"] == "HIGH"
    assert set(held_back(firm, caller)) == {"opted_out"} and len(held_back(firm, caller)) == 3
    wait_sent(firm, caller, 1)
    clock("2026-07-08T10:30:00+02:00")
    assert said(firm.text(caller, "START"))["answered"] == "queued"
    assert said(firm.missed_call(caller))["status"] == "queued"
    wait_sent(firm, caller, 3)


def test_stop_is_confirmed_once(firm):
    caller = mobile()
    assert said(firm.text(caller, "STOP"))["answered"] == "queued"
    assert said(firm.text(caller, "Stopp!"))["answered"] == "none"
    assert said(firm.text(caller, "STOP"))["answered"] == "none"
    wait_sent(firm, caller, 1)
    assert len(inbound(firm, caller)) == 3


def test_stop_withdraws_what_still_waits(stack, clock):
    night = stack.tenant(quiet_hours_start="21:00", quiet_hours_end="07:00")
    caller, other = mobile(), mobile()
    clock("2026-07-07T23:30:00+02:00")
    assert said(night.missed_call(caller))["status"] == "deferred"
    assert said(night.missed_call(other))["status"] == "deferred"
    assert said(night.text(caller, "STOP"))["answered"] == "queued"
    assert held_back(night, caller) == ["opted_out"]
    (row,) = wait_sent(night, caller, 1)  # by the morning it would be too late
    clock("2026-07-08T07:00:01+02:00")
    wait_sent(night, other, 1)
    wait_sent(night, caller, 1)
    assert row["template"] == "reply_stop"


def test_stop_and_start_in_turn_do_not_make_us_send_without_end(firm, clock):
    caller = mobile()
    clock("2026-07-08T10:00:00+02:00")
    for turn in range(24):
        assert firm.text(caller, "START" if turn % 2 else "STOP").status_code == 200
    sent = answers(firm, caller)
    assert len(sent) <= 5, [m["template"] for m in sent]  # four, and STOP is confirmed once more if it must
    assert "loop_guard" in held_back(firm, caller)
    contact = firm.stack.one("select * from contacts where customer_id = %s and phone = %s", firm.id, caller)
    assert contact["opted_out_at"] is None  # START was the last word
    firm.text(caller, "STOP")
    contact = firm.stack.one("select * from contacts where customer_id = %s and phone = %s", firm.id, caller)
    assert contact["opted_out_at"] is not None and len(answers(firm, caller)) == len(sent)


def test_stop_is_confirmed_though_the_guard_is_reached(firm, clock):
    caller = mobile()
    clock("2026-07-08T10:00:00+02:00")
    for _ in range(5):
        firm.text(caller, "3")
    assert len(answers(firm, caller)) == 4 and held_back(firm, caller) == ["loop_guard"]
    assert said(firm.text(caller, "STOP"))["answered"] == "queued"
    assert answers(firm, caller)[-1]["template"] == "reply_stop"


# ---- what is kept ---------------------------------------------------------------------------


@pytest.mark.parametrize("body", [
    "Grüezi, s'Wasser lauft us – chönd Sie cho? 👩🏽‍🔧🇨🇭",
    "第一行\nzweite Zeile\n\nمرحبا",
    "'; drop table tickets; -- {{firm}} {number} %s \\ \" <b>",
    "🚿" * 1600,
    ("Wasser im Keller, é à ü 🚿 " * 80)[:1600],
])
def test_a_text_is_kept_whole(firm, body):
    body = body.strip()
    for send in (firm.text, lambda phone, text: firm.stack.post(
            PATH, form={"From": phone, "To": firm.sms_number, "Body": text, "MessageSid": uuid.uuid4().hex})):
        caller = mobile()
        answer = said(send(caller, body))
        assert [m["body"] for m in inbound(firm, caller)] == [body]
        assert history(firm, answer["ticket_id"]) == [body]
        assert firm.tickets(caller)[0]["summary"] == body


@pytest.mark.parametrize("length", [1601, 10000, 10001, 40000])
def test_a_text_of_any_length_is_kept(firm, length):
    caller, sid = mobile(), uuid.uuid4().hex
    body = ("Wasser " * length)[:length]
    answer = said(firm.text(caller, body, MessageSid=sid))
    cut = body[:10000].strip()
    assert [m["body"] for m in inbound(firm, caller)] == [cut] == history(firm, answer["ticket_id"])
    kept = firm.stack.one("select raw from inbound_events where customer_id = %s and event_id = %s", firm.id, sid)
    assert body in kept["raw"]


def test_a_number_is_a_text(firm):
    caller = mobile()
    message = {"from": int(caller[1:]), "to": int(firm.sms_number[1:]), "text": 1, "id": 4711}
    assert said(firm.stack.post(PATH, message))["meaning"] == "urgent"
    assert len(firm.tickets(caller)) == 1


def test_many_long_texts_are_all_kept(firm):
    caller = mobile()
    bodies = [f"{i} " + "ü" * 1590 for i in range(10, 19)]
    for body in bodies:
        said(firm.text(caller, body))
    assert [m["body"] for m in inbound(firm, caller)] == bodies
    (ticket,) = firm.tickets(caller)
    assert history(firm, ticket["id"]) == bodies


def test_a_picture_without_words_is_kept_without_its_address(firm):
    caller, secret = mobile(), secrets.token_hex(8)
    answer = firm.stack.post(PATH, form={
        "From": caller, "To": firm.sms_number, "Body": "", "MessageSid": "MM" + uuid.uuid4().hex, "NumMedia": "2",
        "MediaUrl0": f"https://api.example.com/{secret}", "MediaUrl1": f"https://api.example.com/{secret}/1",
    })
    assert answer.status_code == 200
    assert len(inbound(firm, caller)) == 1
    assert firm.tickets(caller)[0]["summary"] is None
    tables = firm.stack.sql(
        "select table_name from information_schema.tables where table_schema = 'public' and table_type = 'BASE TABLE'")
    assert [t["table_name"] for t in tables
            if firm.stack.sql(f"select 1 from {t['table_name']} x where x::text like %s limit 1", f"%{secret}%")] == []


def test_an_event_delivered_twice_is_answered_with_the_same_bytes(firm):
    caller, sid = mobile(), uuid.uuid4().hex
    first, second = (firm.text(caller, "1", MessageSid=sid) for _ in range(2))
    assert first.content == second.content
    assert len(inbound(firm, caller)) == 1 and len(firm.tickets(caller)) == 1
    wait_sent(firm, caller, 1)


def test_a_call_and_a_text_may_have_the_same_id(firm):
    """Gateways number both from one; neither may pass for a repetition of the other."""
    caller, number = mobile(), uuid.uuid4().hex
    assert said(firm.missed_call(caller, CallSid=number))["status"] == "queued"
    answer = said(firm.text(caller, "1", MessageSid=number))
    assert answer["status"] == "received"
    assert [m["body"] for m in inbound(firm, caller)] == ["1"]
    assert firm.tickets(caller)[0]["urgency"] == "HIGH"


def test_two_contacts_may_send_the_same_without_an_id(firm):
    callers = [mobile(), mobile()]
    for caller in callers:
        said(firm.stack.post(PATH, {"from": caller, "to": firm.sms_number, "text": "2"}))
    assert all(len(firm.tickets(c)) == 1 for c in callers)


@pytest.mark.parametrize("sender", ["SWISSCOM", "Post", "UBS 24", "", "anonymous", "234", "+41"])
def test_senders_that_cannot_be_answered_are_ignored_and_kept(firm, sender):
    sid, word = uuid.uuid4().hex, secrets.token_hex(6)
    before = len(firm.tickets())
    answer = said(firm.text(sender, f"Ihr Code ist {word}", MessageSid=sid))
    assert (answer["status"], bool(answer["reason"])) == ("ignored", True)
    assert len(firm.tickets()) == before
    kept = firm.stack.one(
        "select * from inbound_events where customer_id = %s and event_id like %s", firm.id, sid + "%")
    assert word in kept["raw"]


def test_a_text_from_a_landline_is_kept_and_not_answered(firm):
    caller = landline()
    answer = said(firm.text(caller, "1"))
    assert (answer["answered"], answer["reason"]) == ("suppressed", "landline")
    assert firm.tickets(caller)[0]["urgency"] == "HIGH" and held_back(firm, caller) == ["landline"]


def test_without_the_module_texts_are_kept_and_not_answered(stack):
    firm = stack.tenant(modules={"sms_reply": False})
    caller = mobile()
    answer = said(firm.text(caller, "2"))
    assert (answer["answered"], answer["reason"]) == ("suppressed", "module_off")
    assert len(inbound(firm, caller)) == 1


def test_a_number_of_nobody_is_not_found_and_the_text_is_kept(stack):
    sid = uuid.uuid4().hex
    text = {"From": mobile(), "To": mobile(), "Body": "1", "MessageSid": sid}
    first, second = stack.post(PATH, text), stack.post(PATH, text)
    assert first.status_code == second.status_code == 404
    assert first.json()["type"].endswith("tenant-unknown")
    assert {k: v for k, v in first.json().items() if k != "instance"} == \
        {k: v for k, v in second.json().items() if k != "instance"}
    kept = stack.one("select * from inbound_events where event_id like %s", sid + ":%")
    assert kept["customer_id"] is None and kept["outcome"] == "unmatched" and text["From"] in kept["raw"]
    assert stack.sql("select 1 from sms_log where to_number = %s", text["From"]) == []


def test_a_form_of_twilio_is_answered_with_empty_twiml(firm):
    caller, sid = mobile(), "SM" + secrets.token_hex(16)
    form = {
        "MessageSid": sid, "SmsSid": sid, "AccountSid": "AC" + secrets.token_hex(16), "From": caller,
        "To": firm.sms_number, "Body": "Grüezi, bitte anrufen", "NumMedia": "0", "SmsStatus": "received",
        "ApiVersion": "2010-04-01",
    }
    first, second = (firm.stack.post(PATH, form=form) for _ in range(2))
    for answer in (first, second):
        assert answer.status_code == 200
        assert answer.headers["Content-Type"].split(";")[0] == "text/xml"
        root = xml.etree.ElementTree.fromstring(answer.content)
        assert root.tag == "Response" and len(root) == 0
    assert first.content == second.content
    assert firm.tickets(caller)[0]["status"] == "NEEDS_CALLBACK"
    wait_sent(firm, caller, 1)


@pytest.mark.parametrize("body", [b"From=%2B41790000009&To={to}&Body=%FF", b"From=%2B41790000009&To={to}&Body=a%00b"])
def test_what_is_no_text_is_refused(firm, body):
    body = body.replace(b"{to}", firm.sms_number.replace("+", "%2B").encode())
    answer = firm.stack.request(
        "POST", PATH, data=body, headers={"Content-Type": "application/x-www-form-urlencoded"})
    assert answer.status_code == 400 and answer.headers["Content-Type"].startswith("application/problem+json")


@pytest.mark.parametrize("body, status", [
    ({"From": "+41790000009", "Body": "1"}, 422), ({"To": True, "From": "+41790000009"}, 422), ([1], 400),
])
def test_what_cannot_be_a_text_is_refused(stack, body, status):
    assert stack.request("POST", PATH, json=body).status_code == status


def test_a_warm_text_asks_the_database_once(firm):
    trips = []
    for _ in range(12):
        answer = firm.text(mobile(), "2")
        trips.append(int(re.search(r" db (\d+) ", firm.stack.wait_line("sms_reply", answer)).group(1)))
    # Each worker asks once in a while whose number it is, and by what that firm knows its senders.
    assert min(trips) == 1 and max(trips) <= 3 and trips.count(1) >= 6, trips


# ---- loops ----------------------------------------------------------------------------------


def test_two_firms_of_ours_never_answer_each_other(stack, firm):
    """Neither is alarmed by what the other's machine writes, nor does an SMS leave; a person can read all of it."""
    other = stack.tenant(daily_segments=1000)
    firms = ((firm, other), (other, firm))
    firm.missed_call(other.sms_number)
    for a, b in firms:
        for text in ("Notfall", "Muster: Leider verpassten wir Ihren Anruf. Antworten Sie: 1 = Notfall, 2 = Rückruf", "1"):
            assert said(a.text(b.sms_number, text))["meaning"] == "text"

    def decided():
        rows = [m for a, b in firms for m in a.outbound(b.sms_number)]
        return rows if all(m["status"] not in ("queued", "sending") for m in rows) else None

    assert {(m["status"], m["reason"]) for m in wait_for(decided, what="the answers")} == {("suppressed", "sender")}
    for a, b in firms:
        assert stack.messages(b.sms_number) == []
        assert {t["urgency"] for t in a.tickets(b.sms_number)} == {"MED"}
        assert len(inbound(a, b.sms_number)) == 3


def test_a_firm_that_writes_to_itself_is_not_answered(firm):
    answer = said(firm.text(firm.sms_number, "1"))
    assert (answer["answered"], answer["reason"]) == ("suppressed", "own_number")
    assert answers(firm, firm.sms_number) == []


def test_a_machine_that_answers_everything_gets_four_texts_a_day(firm, clock):
    caller = mobile()
    clock("2026-07-08T10:00:00+02:00")
    for _ in range(12):
        firm.text(caller, "Ihre Nachricht ist angekommen. 3")
        firm.text(caller, "3")
    assert len(answers(firm, caller)) == 4
    assert set(held_back(firm, caller)) == {"loop_guard"}
    assert len(inbound(firm, caller)) == 24
    clock("2026-07-09T10:00:30+02:00")
    assert said(firm.text(caller, "3"))["answered"] == "queued"


# ---- many at once ---------------------------------------------------------------------------


def storm(stack, texts):
    """All at once, each on a connection of its own: status and body of each answer."""
    def post(body):
        answer = requests.post(stack.base + PATH, json=body, timeout=60)
        return answer.status_code, answer.content

    with concurrent.futures.ThreadPoolExecutor(len(texts)) as pool:
        return list(pool.map(post, texts))


@pytest.mark.parametrize("turn", range(ROUNDS))
def test_one_text_delivered_by_many_at_once(firm, turn):
    caller = mobile()
    text = {"From": caller, "To": firm.sms_number, "Body": "1", "MessageSid": uuid.uuid4().hex}
    got = storm(firm.stack, [text] * 200)
    assert len(set(got)) == 1 and got[0][0] == 200, set(got)
    (ticket,) = firm.tickets(caller)
    wait_sent(firm, caller, 1)
    assert kinds(firm, ticket["id"]) == ["created", "sms_received", "alert_impossible", "sms_sent"]


@pytest.mark.parametrize("turn", range(ROUNDS))
def test_many_texts_of_one_contact_at_once(firm, turn):
    caller = mobile()
    bodies = ["1", "2", "3", "danke", "Der Boiler tropft"] * 20
    texts = [{"From": caller, "To": firm.sms_number, "Body": b, "MessageSid": uuid.uuid4().hex} for b in bodies]
    got = storm(firm.stack, texts)
    assert {status for status, _ in got} == {200}
    (ticket,) = firm.tickets(caller)
    assert ticket["urgency"] == "HIGH" and ticket["status"] == "NEEDS_CALLBACK"
    assert sorted(m["body"] for m in inbound(firm, caller)) == sorted(bodies)
    # What came before there was a ticket has none.
    assert len(history(firm, ticket["id"])) >= len(bodies) - 40
    assert sum(b'"opened":true' in body.replace(b" ", b"") for _, body in got) == 1
    assert 1 <= len(answers(firm, caller)) <= 4


def test_numbers_and_texts_are_not_in_the_logs(firm):
    caller, word = mobile(), secrets.token_hex(6)
    firm.text(caller, f"Der Boiler tropft {word}")
    wait_sent(firm, caller, 1)  # STOP would take it back
    firm.text(caller, "STOP")
    firm.text("SWISSCOM", word)
    wait_sent(firm, caller, 2)
    for f in (firm.stack.state / "log").iterdir():
        if f.is_file() and f.name != "messages.jsonl":
            text = f.read_text(errors="replace")
            assert caller[3:] not in text and word not in text, f.name
