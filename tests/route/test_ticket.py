"""POST /api/ticket: a request opens a ticket, or is added to the open one of the day"""

import concurrent.futures
import contextlib
import datetime
import json
import os
import re
import time
import uuid
import zoneinfo

import pytest
import requests

from tests.support import problems
from tests.support.stack import landline, mobile, wait_for

PATH = "/api/ticket"
ROUNDS = int(os.environ.get("OPSFABRIC_TEST_ROUNDS", "5"))
PARALLEL = 200
ZURICH = "Europe/Zurich"
SOURCES = ["wizard", "missed_call", "sms_reply", "whatsapp", "email", "manual"]
MINUTE = datetime.timedelta(minutes=1)
HOUR = datetime.timedelta(hours=1)
DAY = datetime.timedelta(days=1)


@pytest.fixture(scope="module")
def firm(stack):
    """Without quiet hours; each test asks from numbers of its own."""
    return stack.tenant(daily_segments=100000)


@pytest.fixture(scope="module")
def night(stack):
    return stack.tenant(quiet_hours_start="21:00", quiet_hours_end="07:00", daily_segments=100000)


@pytest.fixture(scope="module")
def pikett(stack):
    """Somebody is on call at night."""
    return stack.tenant(quiet_hours_start="21:00", quiet_hours_end="07:00", daily_segments=100000, config={
        "language": "de", "languages": ["de", "fr", "it", "en"], "on_call": [{"phone": mobile(), "name": "Reto"}],
    })


@pytest.fixture(scope="module")
def new_york(stack):
    return stack.tenant(timezone="America/New_York", daily_segments=100000)


def utc(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).astimezone(datetime.timezone.utc)


def rfc3339(instant):
    return instant.astimezone(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def local(instant, zone=ZURICH):
    return instant.astimezone(zoneinfo.ZoneInfo(zone))


def refused(answer, slug, pointer=None):
    return problems.check(answer, slug, pointer, route="ticket")


def taken(answer, status=None):
    """The answer of a request that was taken, as an object; it says of itself only what is so."""
    assert answer.status_code in ((status,) if status else (200, 201)), answer.text
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.headers["Cache-Control"] == "no-store"
    assert re.fullmatch("[0-9a-f]{32}", answer.headers["X-Request-Id"])
    said = answer.json()
    assert list(said) == [
        "ticket_id", "number", "confirmation_sent", "dedupe_matched", "confirmation", "reason", "sla_due_at",
    ]
    assert said["dedupe_matched"] == (answer.status_code == 200)
    assert said["confirmation_sent"] == (said["confirmation"] == "queued")
    assert (said["reason"] is None) == (said["confirmation"] in ("queued", "deferred"))
    return said


def confirmations(firm, phone):
    return [m for m in firm.outbound(phone) if m["template"] == "ticket_confirmation"]


def wait_sent(firm, phone, count=1):
    """Until that many confirmations have left; the provider must have the same ones and no other."""
    def all_sent():
        rows = confirmations(firm, phone)
        return rows if len(rows) >= count and all(m["status"] == "sent" for m in rows) else None

    rows = wait_for(all_sent, what=f"confirmations to {phone}")
    lines = firm.stack.messages(phone)
    assert len(rows) == count
    assert sorted(m["body"] for m in lines) == sorted(m["body"] for m in rows)
    return rows


def kinds(firm, ticket_id):
    return [e["event_type"] for e in firm.events(ticket_id)]


def email():
    return f"{uuid.uuid4().hex[:12]}@muster.example"


def by_email(firm, address):
    return firm.stack.sql(
        "select * from tickets where customer_id = %s and contact_email = %s order by number", firm.id, address
    )


# ---- new, and matched --------------------------------------------------------------------------


def test_a_request_opens_a_ticket_and_confirms_it(firm):
    phone = mobile()
    before = datetime.datetime.now(datetime.timezone.utc)
    said = taken(firm.ticket(
        phone, intent="heizung-aus", urgency="LOW", contact_name="Erika Muster", contact_email="Erika@Muster.example",
        summary="Der Boiler tropft.", metadata={"plz": "8810", "page": {"ref": "home"}},
    ), 201)
    (ticket,) = firm.tickets(phone)
    assert said == {
        "ticket_id": str(ticket["id"]), "number": ticket["number"], "confirmation_sent": True, "dedupe_matched": False,
        "confirmation": "queued", "reason": None, "sla_due_at": said["sla_due_at"],
    }
    assert utc(said["sla_due_at"]) == ticket["sla_due_at"]
    expected = {
        "source": "wizard", "status": "NEW", "intent": "heizung-aus", "urgency": "LOW", "contact_phone": phone,
        "contact_email": "erika@muster.example", "contact_name": "Erika Muster", "summary": "Der Boiler tropft.",
        "metadata": {"plz": "8810", "page": {"ref": "home"}}, "unread": True, "job_completed_at": None,
        "review_due_at": None, "review_request_sent_at": None, "review_clicked": False, "escalated_at": None,
        "dedupe_key": f"{firm.id}:{phone}:{local(ticket['created_at']).date()}",
    }
    assert {k: ticket[k] for k in expected} == expected
    assert before - MINUTE < ticket["created_at"] < before + MINUTE

    contact = firm.stack.one("select * from contacts where id = %s", ticket["contact_id"])
    assert (contact["phone"], contact["phone_kind"], contact["email"]) == (phone, "mobile", "erika@muster.example")
    assert (contact["name"], contact["language"], contact["opted_out_at"]) == ("Erika Muster", None, None)

    created = firm.events(ticket["id"])[0]
    assert (created["event_type"], created["new_value"]) == ("created", "Der Boiler tropft.")
    assert created["metadata"] == {
        "source": "wizard", "intent": "heizung-aus", "urgency": "LOW", "name": "Erika Muster",
        "email": "erika@muster.example", "metadata": {"plz": "8810", "page": {"ref": "home"}},
    }

    (row,) = wait_sent(firm, phone)
    assert (row["from_number"], row["to_number"], row["provider"]) == (firm.sms_number, phone, "console")
    assert (row["ticket_id"], row["contact_id"], row["segments"]) == (ticket["id"], ticket["contact_id"], 1)
    (line,) = firm.stack.messages(phone)
    assert (line["from"], line["to"], line["body"]) == (firm.sms_number, phone, row["body"])
    assert f"Nr. {said['number']} " in row["body"] and row["body"].startswith("Muster Haustechnik AG: ")


def test_the_second_request_of_a_day_gets_the_same_ticket(firm):
    phone = mobile()
    first = taken(firm.ticket(phone, summary="Es tropft."), 201)
    second = taken(firm.ticket(phone, summary="Es läuft."), 200)
    assert (second["ticket_id"], second["number"]) == (first["ticket_id"], first["number"])
    assert second["sla_due_at"] == first["sla_due_at"]
    assert (second["confirmation"], second["reason"]) == ("none", "recent")
    assert len(firm.tickets(phone)) == 1
    wait_sent(firm, phone, 1)


def test_all_forms_of_a_number_are_one_contact(firm):
    phone = mobile()  # +4179 abc de fg
    rest = phone[5:]
    forms = [
        phone, f"079 {rest[:3]} {rest[3:5]} {rest[5:]}", f"+41 (0)79 {rest}", f"0041 79{rest}", f"079/{rest}",
        f"+41\u00a079\u2009{rest[:3]}\u202f{rest[3:]}", f"  079-{rest[:3]}-{rest[3:]}  ", f"tel:{phone}",
    ]
    ids = {taken(firm.ticket(form))["ticket_id"] for form in forms}
    assert len(ids) == 1
    (ticket,) = firm.tickets(phone)
    assert ticket["contact_phone"] == phone


def test_two_firms_never_share_a_contact_or_a_ticket(firm, night):
    phone = mobile()
    one, other = taken(firm.ticket(phone), 201), taken(night.ticket(phone), 201)
    assert one["ticket_id"] != other["ticket_id"]
    (mine,), (theirs,) = firm.tickets(phone), night.tickets(phone)
    assert mine["contact_id"] != theirs["contact_id"]


def test_numbers_rise_by_firm(stack):
    fresh = stack.tenant()
    assert [taken(fresh.ticket(), 201)["number"] for _ in range(3)] == [1, 2, 3]


def test_a_match_weakens_nothing(firm):
    phone = mobile()
    first = taken(firm.ticket(phone, urgency="LOW", summary="Eins", contact_name="Erika", metadata={"a": 1}), 201)
    firm.ticket(phone, urgency="HIGH", summary="Zwei", contact_name="Erich", intent="boiler", contact_email="e@x.example",
                metadata={"a": 2, "b": 2})
    firm.ticket(phone, urgency="LOW", summary="Drei", intent="anderes", contact_email="f@x.example")
    firm.ticket(phone, urgency="MED")
    (ticket,) = firm.tickets(phone)
    assert ticket["urgency"] == "HIGH"
    assert ticket["summary"] == "Eins\nZwei\nDrei"
    assert (ticket["contact_name"], ticket["contact_email"], ticket["intent"]) == ("Erika", "e@x.example", "boiler")
    assert ticket["metadata"] == {"a": 1, "b": 2}
    assert ticket["status"] == "NEW"
    contact = firm.stack.one("select * from contacts where id = %s", ticket["contact_id"])
    assert (contact["name"], contact["email"]) == ("Erika", "e@x.example")

    events = [e for e in firm.events(first["ticket_id"]) if not e["event_type"].startswith("sms_")]
    assert [e["event_type"] for e in events] == ["created", "updated", "urgency_changed", "alert_impossible", "updated", "updated"]
    assert [e["new_value"] for e in events if e["event_type"] in ("created", "updated")] == ["Eins", "Zwei", "Drei", None]
    assert (events[2]["old_value"], events[2]["new_value"]) == ("LOW", "HIGH")
    assert events[1]["metadata"]["metadata"] == {"a": 2, "b": 2}


@pytest.mark.parametrize("status", ["NEEDS_CALLBACK", "SCHEDULED", "IN_PROGRESS"])
def test_a_request_never_moves_an_open_ticket(firm, status):
    phone = mobile()
    first = taken(firm.ticket(phone), 201)
    assert firm.move(first["ticket_id"], status).status_code == 200
    assert taken(firm.ticket(phone, urgency="HIGH"), 200)["ticket_id"] == first["ticket_id"]
    (ticket,) = firm.tickets(phone)
    assert (ticket["status"], ticket["urgency"], ticket["unread"]) == (status, "HIGH", True)


def test_a_done_ticket_opens_again(firm):
    phone = mobile()
    first = taken(firm.ticket(phone, summary="Eins"), 201)
    assert firm.move(first["ticket_id"], "DONE").status_code == 200
    # A review request that has not left, as the cron leaves one.
    (ticket,) = firm.tickets(phone)
    firm.stack.sql("update tickets set review_request_sent_at = now(), review_due_at = null where id = %s", ticket["id"])
    firm.stack.sql("update contacts set last_review_at = now(), prior_review_at = null where id = %s", ticket["contact_id"])
    request = str(uuid.uuid4())
    firm.stack.sql(
        "insert into sms_log (id, customer_id, contact_id, ticket_id, direction, template, from_number, to_number, body,"
        " provider, status, not_before, expires_at, status_at, created_at) values (%s, %s, %s, %s, 'outbound',"
        " 'review_request', %s, %s, 'Wie war es?', 'console', 'queued', now() + interval '1 day',"
        " now() + interval '2 days', now(), now())",
        request, firm.id, ticket["contact_id"], ticket["id"], firm.sms_number, phone,
    )
    again = taken(firm.ticket(phone, summary="Zwei"), 200)
    assert again["ticket_id"] == first["ticket_id"]
    (ticket,) = firm.tickets(phone)
    assert (ticket["status"], ticket["summary"], ticket["unread"]) == ("NEW", "Eins\nZwei", True)
    assert (ticket["job_completed_at"], ticket["review_due_at"], ticket["review_request_sent_at"]) == (None, None, None)
    assert ticket["sla_due_at"] == utc(again["sla_due_at"])
    row = firm.stack.one("select status, reason from sms_log where id = %s", request)
    assert (row["status"], row["reason"]) == ("suppressed", "withdrawn")
    contact = firm.stack.one("select last_review_at from contacts where id = %s", ticket["contact_id"])
    assert contact["last_review_at"] is None
    changes = [(e["old_value"], e["new_value"]) for e in firm.events(ticket["id"]) if e["event_type"] == "status_changed"]
    assert changes == [("NEW", "DONE"), ("DONE", "NEW")]


def test_a_closed_ticket_stays_closed(firm):
    phone = mobile()
    first = taken(firm.ticket(phone), 201)
    assert firm.move(first["ticket_id"], "CLOSED").status_code == 200
    closed = firm.tickets(phone)[0]
    second = taken(firm.ticket(phone), 201)
    assert second["ticket_id"] != first["ticket_id"] and second["number"] > first["number"]
    old, new = firm.tickets(phone)
    assert old == closed
    assert new["status"] == "NEW"


# ---- what is confirmed -------------------------------------------------------------------------


def test_a_second_confirmation_waits_half_an_hour(firm, clock):
    phone = mobile()
    clock("2027-05-11T08:00:00Z")
    assert taken(firm.ticket(phone), 201)["confirmation"] == "queued"
    clock("2027-05-11T08:29:00Z")
    assert taken(firm.ticket(phone), 200)["reason"] == "recent"
    assert len(firm.outbound(phone)) == 1
    clock("2027-05-11T08:31:00Z")
    said = taken(firm.ticket(phone), 200)
    assert (said["confirmation"], said["reason"]) == ("queued", None)
    first, second = wait_sent(firm, phone, 2)
    assert "erhalten" in first["body"] and f"Angaben zur Anfrage Nr. {said['number']} notiert" in second["body"]


def test_at_most_four_automatic_messages_a_day(firm, clock):
    phone = mobile()
    start = utc("2027-05-12T07:00:00Z")
    said = []
    for n in range(5):
        clock(rfc3339(start + n * 31 * MINUTE))
        said.append(taken(firm.ticket(phone)))
    assert [s["confirmation"] for s in said] == ["queued"] * 4 + ["suppressed"]
    assert said[4]["reason"] == "loop_guard"
    assert [m["reason"] for m in confirmations(firm, phone) if m["status"] == "suppressed"] == ["loop_guard"]
    clock(rfc3339(start + DAY + MINUTE))
    assert taken(firm.ticket(phone), 201)["confirmation"] == "queued"


def test_a_spent_budget_suppresses(stack):
    poor = stack.tenant(daily_segments=1)
    phone = mobile()
    assert taken(poor.ticket(phone), 201)["confirmation"] == "queued"
    wait_for(lambda: stack.sql("select segments from segment_usage where customer_id = %s", poor.id), what="the message being counted")
    other = mobile()
    assert taken(poor.ticket(other), 201)["reason"] == "budget"
    (row,) = poor.outbound(other)
    assert (row["status"], row["reason"]) == ("suppressed", "budget")


@pytest.mark.parametrize("phone, reason", [
    (landline, "landline"),
    (lambda: "+447400" + mobile()[-6:], "destination"),
    (lambda: "+41800" + mobile()[-6:], "not_mobile"),
])
def test_who_cannot_get_a_text_still_gets_a_ticket(firm, phone, reason):
    phone = phone()
    said = taken(firm.ticket(phone), 201)
    assert (said["confirmation"], said["reason"], said["confirmation_sent"]) == ("suppressed", reason, False)
    (ticket,) = firm.tickets(phone)
    assert ticket["status"] == "NEW"
    (row,) = firm.outbound(phone)
    assert (row["status"], row["reason"], row["template"]) == ("suppressed", reason, "ticket_confirmation")
    assert firm.stack.messages(phone) == []


def test_a_firm_chooses_its_countries(stack):
    abroad = stack.tenant(config={"language": "en", "languages": ["en"], "sms": {"countries": ["+44"]}})
    british = "+447400" + mobile()[-6:]
    assert taken(abroad.ticket(british), 201)["confirmation"] == "queued"
    assert taken(abroad.ticket(), 201)["reason"] == "destination"


def test_the_firms_own_numbers_get_nothing(firm):
    assert taken(firm.ticket(firm.sms_number))["reason"] == "own_number"
    assert taken(firm.ticket(firm.phone))["reason"] == "own_number"
    assert firm.stack.messages(firm.sms_number) == []


def test_a_firm_without_a_sender_sends_nothing(stack):
    silent = stack.tenant(sms_number=None)
    phone = mobile()
    assert taken(silent.ticket(phone), 201)["reason"] == "no_sender"
    (row,) = silent.outbound(phone)
    assert (row["status"], row["from_number"]) == ("suppressed", None)


def test_who_sent_stop_gets_no_confirmation_until_start(firm):
    phone = mobile()
    assert firm.text(phone, "STOP").status_code == 200
    said = taken(firm.ticket(phone), 201)
    assert (said["confirmation"], said["reason"]) == ("suppressed", "opted_out")
    assert firm.text(phone, "START").status_code == 200
    assert taken(firm.ticket(phone), 200)["confirmation"] == "queued"


def test_a_visitor_never_chooses_the_words_of_a_message(firm):
    phone = mobile()
    evil = "Gewinnspiel http://evil.example"
    taken(firm.ticket(phone, contact_name=evil, summary=evil, intent=evil, metadata={"x": evil}), 201)
    (row,) = wait_sent(firm, phone)
    assert "evil" not in row["body"] and "Gewinn" not in row["body"]


# ---- e-mail ------------------------------------------------------------------------------------


def test_an_address_is_enough(firm):
    address = email()
    body = {"customer_slug": firm.slug, "contact_email": f" {address.upper()} ", "summary": "Eins"}
    said = taken(firm.stack.post(PATH, body), 201)
    assert (said["confirmation"], said["reason"]) == ("suppressed", "no_phone")
    (ticket,) = by_email(firm, address)
    assert (ticket["contact_phone"], ticket["contact_email"]) == (None, address)
    assert ticket["dedupe_key"] == f"{firm.id}:{address}:{local(ticket['created_at']).date()}"
    rows = firm.stack.sql("select status, reason, to_number from sms_log where ticket_id = %s", ticket["id"])
    assert [(r["status"], r["reason"], r["to_number"]) for r in rows] == [("suppressed", "no_phone", None)]

    body = {"customer_slug": firm.slug, "contact_email": address, "summary": "Zwei"}
    again = taken(firm.stack.post(PATH, body), 200)
    assert again["ticket_id"] == said["ticket_id"]
    (ticket,) = by_email(firm, address)
    assert ticket["summary"] == "Eins\nZwei"
    assert len(firm.stack.sql("select id from contacts where customer_id = %s and email = %s", firm.id, address)) == 1


def test_people_who_share_a_mailbox_are_two(firm):
    address, one, two = email(), mobile(), mobile()
    first = taken(firm.ticket(one, contact_email=address), 201)
    second = taken(firm.ticket(two, contact_email=address), 201)
    alone = taken(firm.stack.post(PATH, {"customer_slug": firm.slug, "contact_email": address}), 201)
    assert len({first["ticket_id"], second["ticket_id"], alone["ticket_id"]}) == 3


@pytest.mark.parametrize("address", [
    "erika", "@muster.example", "erika@", "erika@muster", "erika@muster.", "erika@@muster.example", "a b@muster.example",
    "erika@muster.example, otto@muster.example", "Erika <erika@muster.example>", "erika@müster.example", "a\nb@x.example",
])
def test_what_is_no_address_is_refused(firm, address):
    refused(firm.stack.post(PATH, {"customer_slug": firm.slug, "contact_email": address}), "field-invalid", "/contact_email")


# ---- what is refused ---------------------------------------------------------------------------


@pytest.mark.parametrize("extra", [{}, {"contact_phone": ""}, {"contact_phone": "  "}, {"contact_phone": None, "contact_email": ""}])
def test_somebody_must_be_there_to_answer(firm, extra):
    refused(firm.stack.post(PATH, {"customer_slug": firm.slug, **extra}), "field-missing", "/contact_phone")


@pytest.mark.parametrize("phone", [
    "079", "1234", "117", "144", "0900", "abc", "+41 79 123", "+41791234567890123", "+999791234567",
    "0800 FLOWERS", "079 123 45 6x", "💧", "1" * 60, "+", "0",
])
def test_what_is_no_number_is_refused(firm, phone):
    before = len(firm.tickets())
    refused(firm.ticket(phone), "phone-invalid", "/contact_phone")
    assert len(firm.tickets()) == before


@pytest.mark.parametrize("phone", [
    "anonymous", "Anonymous", "+anonymous", "restricted", "unknown", "private", "blocked", "+266696687", "266696687",
    "+7378742833", "+86282452253", "+2562533", "8656696",
])
def test_what_stands_for_a_hidden_number_is_refused(firm, phone):
    refused(firm.ticket(phone), "phone-invalid", "/contact_phone")


@pytest.mark.parametrize("field, value", [
    ("urgency", "URGENT"), ("urgency", "high"), ("urgency", "HIGH;"), ("source", "telegram"), ("source", "Wizard"),
])
def test_an_unknown_word_is_refused(firm, field, value):
    refused(firm.ticket(**{field: value}), "field-invalid", f"/{field}")
    refused(firm.ticket(token=firm.token, **{field: value}), "field-invalid", f"/{field}")


@pytest.mark.parametrize("slug", ["nobody-knows-this", "DOERFLER-AG", "doerfler-ag'--", "../doerfler-ag", "ü", "a" * 60])
def test_an_unknown_firm_is_refused(stack, slug):
    refused(stack.post(PATH, {"customer_slug": slug, "contact_phone": mobile()}), "tenant-unknown", "/customer_slug")


@pytest.mark.parametrize("slug", [None, "", "  "])
def test_a_firm_must_be_named(stack, slug):
    refused(stack.post(PATH, {"customer_slug": slug, "contact_phone": mobile()}), "field-missing", "/customer_slug")


def test_a_firm_that_is_not_served_is_unknown(stack):
    gone = stack.tenant()
    token = gone.token
    stack.command("tenant", "deactivate", gone.slug)
    refused(gone.ticket(), "tenant-unknown", "/customer_slug")
    answer = stack.post(PATH, {"contact_phone": mobile()}, token=token)
    refused(answer, "unauthorized")
    assert gone.tickets() == []


def limits():
    """name -> longest value, of the fields of a ticket"""
    text = (problems.ROOT / "lib/field.def").read_text()
    rows = {names.split("|")[0]: int(most) for most, names in re.findall(r'^FIELD\(\w+, (\d+),\s*"([^"]+)"\)', text, re.M)}
    mine = ("customer_slug", "source", "intent", "urgency", "contact_name", "contact_phone", "contact_email", "summary", "language")
    return [(name, rows[name]) for name in mine]


@pytest.mark.parametrize("field, most", limits())
def test_a_field_over_its_length_is_refused(firm, field, most):
    answer = firm.ticket(**{"phone" if field == "contact_phone" else field: "ä" * (most + 1)})
    assert str(most) in refused(answer, "field-too-long", f"/{field}")["detail"]


@pytest.mark.parametrize("field, most", [f for f in limits() if f[0] in ("intent", "contact_name", "summary")])
def test_lengths_are_counted_in_characters(firm, field, most):
    phone = mobile()
    value = "ü€😀"[most % 3] * most
    taken(firm.ticket(phone, **{field: f"  {value} "}), 201)
    (ticket,) = firm.tickets(phone)
    assert ticket[field] == value


def test_a_long_address_fits(firm):
    address = "a" * (254 - len("@muster.example")) + "@muster.example"
    assert taken(firm.stack.post(PATH, {"customer_slug": firm.slug, "contact_email": address}))["reason"] == "no_phone"


def test_a_long_history_keeps_every_text(firm):
    phone = mobile()
    texts = [c * 4000 for c in "abc"]
    for text in texts:
        taken(firm.ticket(phone, summary=text))
    (ticket,) = firm.tickets(phone)
    assert ticket["summary"] == "\n".join(texts)[:10000]
    assert [e["new_value"] for e in firm.events(ticket["id"]) if e["event_type"] in ("created", "updated")] == texts


@pytest.mark.parametrize("metadata, slug", [
    ({"a": {"b": {"c": 1}}}, "field-invalid"), ({"a": [[1]]}, "field-invalid"), ([1, 2], "field-invalid"),
    ("text", "field-invalid"), (7, "field-invalid"), (True, "field-invalid"), ({"a": "x" * 4096}, "field-too-long"),
    ({f"k{n}": "ü" * 50 for n in range(50)}, "field-too-long"),
    *(({"a": [0, n]}, "field-invalid") for n in (1e15, -1e15, 9007199254740991, 1e300, 1e99, 1e-16, 0.1234567890123456)),
    ({"a": [1e99] * 650}, "field-invalid"),
])
def test_metadata_over_its_limits_is_refused(firm, metadata, slug):
    refused(firm.ticket(metadata=metadata), slug, "/metadata")


@pytest.mark.parametrize("metadata", [
    {}, {"a": None}, {"a": {"b": 0}, "c": [1, "zwei", False, None]}, {"a": "x" * (4096 - len('{"a":""}'))},
    {"": "empty name", "ä": "Ümläüt €😀", "q\"'": "\\ / \b\n\t"}, {"n": 999999999999999, "f": 0.25, "neg": -1.5e-7},
    {"a": [1e-15] * 450}, {"a": [0, -0.5, 123456789012345, 1.23456789012345e-15, 1e14]},
])
def test_metadata_is_kept_as_it_came(firm, metadata):
    phone = mobile()
    taken(firm.ticket(phone, metadata=metadata), 201)
    (ticket,) = firm.tickets(phone)
    assert ticket["metadata"] == metadata


def test_metadata_grows_no_further_than_it_may(firm):
    phone = mobile()
    for n in range(6):
        taken(firm.ticket(phone, metadata={f"part{n}": "x" * 4000}))
    (ticket,) = firm.tickets(phone)
    assert ticket["metadata"] == {f"part{n}": "x" * 4000 for n in range(len(ticket["metadata"]))}
    assert 8000 < len(json.dumps(ticket["metadata"])) <= 16000
    assert len([e for e in firm.events(ticket["id"]) if (e["metadata"] or {}).get("metadata")]) == 6


# ---- who asks ----------------------------------------------------------------------------------


@pytest.mark.parametrize("source", SOURCES)
def test_the_public_is_always_the_wizard(firm, source):
    phone = mobile()
    taken(firm.ticket(phone, source=source), 201)
    (ticket,) = firm.tickets(phone)
    assert ticket["source"] == "wizard"


@pytest.mark.parametrize("source", SOURCES)
def test_the_firms_token_may_name_the_source(firm, source):
    phone = mobile()
    taken(firm.ticket(phone, source=source, token=firm.token), 201)
    (ticket,) = firm.tickets(phone)
    assert (ticket["source"], ticket["unread"]) == (source, source != "manual")


def test_a_token_says_which_firm_and_that_it_is_manual(firm):
    phone = mobile()
    taken(firm.stack.post(PATH, {"contact_phone": phone}, token=firm.token), 201)
    (ticket,) = firm.tickets(phone)
    assert ticket["source"] == "manual"


def test_a_token_of_another_firm_is_refused(firm, night):
    refused(firm.ticket(token=night.token), "forbidden", "/customer_slug")
    refused(firm.ticket(slug=None, customer_slug="nobody-knows-this", token=firm.token), "forbidden", "/customer_slug")


@pytest.mark.parametrize("token", ["x", " ", "ofk_" + "0" * 40, "null", "é"])
def test_an_unknown_token_is_refused(firm, token):
    answer = firm.ticket(headers={"Authorization": f"Bearer {token}".encode()})
    refused(answer, "unauthorized")
    assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_a_revoked_token_is_refused_at_once(stack):
    firm = stack.tenant()
    made = json.loads(stack.command("token", "create", firm.slug, "--json").stdout)
    taken(firm.ticket(token=made["token"]), 201)
    stack.command("token", "revoke", made["id"])
    refused(firm.ticket(token=made["token"]), "unauthorized")
    assert len(firm.tickets()) == 1


# ---- the form ----------------------------------------------------------------------------------


def thanks(answer, firm, ticket):
    """Where a form leads: to a page of that ticket, without a host, since the form may have come from any of ours."""
    return re.fullmatch(
        rf"/{firm.slug}/anfrage/danke\?n={ticket['number']}&t={ticket['id']}&d=\d+&c=[012]&u=[01](&i=[^&]+)?&m=[0-9a-f]{{32}}",
        answer.headers["Location"])


def test_a_form_is_led_to_its_thanks(firm):
    phone = mobile()
    form = {
        "customer_slug": firm.slug, "contact_phone": phone, "summary": "Müller & Söhne: 100% + <b>", "urgency": "HIGH",
        "website": "", "form_token": firm.form_token(),
    }
    answer = firm.stack.post(PATH, form=form)
    (ticket,) = firm.tickets(phone)
    assert answer.status_code == 303 and answer.content == b""
    assert thanks(answer, firm, ticket)
    assert (ticket["summary"], ticket["urgency"], ticket["source"]) == (form["summary"], "HIGH", "wizard")
    wait_sent(firm, phone)
    again = firm.stack.post(PATH, form={**form, "summary": ""})
    # By now no message leaves, so the page announces none.
    assert again.status_code == 303 and thanks(again, firm, ticket)
    assert len(firm.tickets(phone)) == 1


@pytest.mark.parametrize("form, slug, pointer", [
    ({"contact_phone": "079"}, "phone-invalid", "/contact_phone"),
    ({}, "field-missing", "/contact_phone"),
    ({"contact_phone": "+41791234567", "urgency": "x"}, "field-invalid", "/urgency"),
])
def test_a_form_with_a_mistake_opens_nothing(firm, form, slug, pointer):
    before = len(firm.tickets())
    answer = firm.stack.post(PATH, form={"customer_slug": firm.slug, **form})
    assert answer.status_code == 422
    if answer.headers["Content-Type"] == "application/problem+json":
        refused(answer, slug, pointer)
    assert len(firm.tickets()) == before


def test_a_form_with_a_token_needs_no_slug(firm):
    phone = mobile()
    answer = firm.stack.post(PATH, form={"contact_phone": phone}, token=firm.token)
    (ticket,) = firm.tickets(phone)
    assert thanks(answer, firm, ticket)


# ---- who fills in a form -------------------------------------------------------------------------


def young(firm, age, attempt):
    """attempt(a form's token that is that many seconds old), which must be over before it is three; again where it was not."""
    def made():
        shown = firm.stack.now() - age
        answer = attempt(firm.form_token(age))
        return [answer] if firm.stack.now() < shown + 3 else None

    (answer,) = wait_for(made, what="a machine that is quick enough")
    return answer


@pytest.mark.parametrize("age", [0, 1, 2])
def test_a_form_that_comes_back_at_once_was_filled_in_by_a_program(firm, age):
    def sent(token):
        form = {"customer_slug": firm.slug, "contact_phone": mobile(), "form_token": token}
        assert firm.stack.post(PATH, form=form).status_code == 303
        (row,) = confirmations(firm, form["contact_phone"])
        return row["status"], row["reason"]

    assert young(firm, age, sent) == ("suppressed", "form_check")


@pytest.mark.parametrize("fields", [
    {"form_token": "x"}, {"form_token": "1764150000." + "0" * 32}, {"website": "http://spam.example"},
    {"age": 24 * 3600 + 60}, {"age": -60}, {"slug": "salon-lumiere"}, {"age": 60, "website": "x"},
], ids=str)
def test_a_form_that_a_program_filled_in_is_kept_and_not_confirmed(firm, fields):
    phone = mobile()
    sent = {"customer_slug": firm.slug, "contact_phone": phone, "urgency": "HIGH", **fields}
    if {"age", "slug"} & set(fields):
        sent["form_token"] = firm.form_token(sent.pop("age", 60), sent.pop("slug", firm.slug))
    answer = firm.stack.post(PATH, form=sent)
    # The program learns nothing; a person who was taken for one has been heard.
    (ticket,) = firm.tickets(phone)
    assert answer.status_code == 303
    assert thanks(answer, firm, ticket)
    assert (ticket["urgency"], ticket["status"]) == ("HIGH", "NEW")
    (row,) = confirmations(firm, phone)
    assert (row["status"], row["reason"]) == ("suppressed", "form_check")


@pytest.mark.parametrize("fields", [{}, {"form_token": ""}, {"website": ""}, {"age": 3}], ids=str)
def test_a_form_of_a_page_that_is_not_ours_is_confirmed_like_any_other(firm, fields):
    phone = mobile()
    sent = {"customer_slug": firm.slug, "contact_phone": phone, **fields}
    if "age" in sent:
        sent["form_token"] = firm.form_token(sent.pop("age"))
    assert firm.stack.post(PATH, form=sent).status_code == 303
    (row,) = confirmations(firm, phone)
    assert row["reason"] is None and row["status"] in ("queued", "sending", "sent")


@pytest.mark.parametrize("fields, reason", [
    ({}, None), ({"form_token": None}, None), ({"website": ""}, None), ({"website": "x"}, "form_check"), ({"form_token": "x"}, "form_check"),
    ({"age": 3}, None), ({"age": 23 * 3600}, None), ({"age": 0}, "form_check"), ({"website": 1}, "form_check"),
], ids=str)
def test_of_a_json_request_the_same_fields_count_where_they_are(firm, fields, reason):
    phone = mobile()
    fields = dict(fields)
    if fields.get("age") == 0:
        said = young(firm, 0, lambda token: taken(firm.ticket(mobile(), form_token=token), 201))
    else:
        if "age" in fields:
            fields["form_token"] = firm.form_token(fields.pop("age"))
        said = taken(firm.ticket(phone, **fields), 201)
    assert (said["reason"], said["confirmation"]) == (reason, "suppressed" if reason else "queued")


def test_a_firms_own_software_fills_in_what_it_likes(firm):
    said = taken(firm.ticket(mobile(), token=firm.token, website="https://muster.example", form_token="x"), 201)
    assert said["confirmation"] == "queued"


# ---- numbers that only a visitor speaks for ------------------------------------------------------


def first_contact(firm, **fields):
    phone = mobile()
    said = taken(firm.ticket(phone, **fields), 201)
    return phone, said["confirmation"], said["reason"]


def test_strangers_numbers_cost_a_firm_little(stack, clock):
    clock("2027-02-03T10:10:00Z")  # no hour ends in the middle
    firm = stack.tenant(config={"language": "de", "sms": {"first_per_hour": 3, "first_per_day": 5}})
    asked = [first_contact(firm, urgency="HIGH") for _ in range(20)]

    def decided():
        rows = [r for r in firm.outbound() if r["template"] == "ticket_confirmation"]
        return rows if not any(r["status"] in ("queued", "sending") for r in rows) else None

    sent = wait_for(decided, what="the confirmations")
    assert sorted((r["status"], r["reason"]) for r in sent) == [("sent", None)] * 3 + [("suppressed", "first_contact")] * 17
    assert sum(len(stack.messages(phone)) for phone, _, _ in asked) == 3
    assert len(firm.tickets()) == 20 and {t["urgency"] for t in firm.tickets()} == {"HIGH"}
    assert first_contact(firm)[1:] == ("suppressed", "first_contact")

    # Who called, who wrote, and whom the firm knows are confirmed all the same.
    caller, writer = mobile(), mobile()
    assert firm.missed_call(caller).json()["status"] == "queued"
    assert firm.text(writer, "1").json()["answered"] == "queued"
    for phone in caller, writer:
        assert taken(firm.ticket(phone), 200)["confirmation"] == "queued"
    assert taken(firm.ticket(mobile(), token=firm.token), 201)["confirmation"] == "queued"
    # And so is a stranger of another firm.
    assert first_contact(stack.tenant())[1:] == ("queued", None)


def test_an_hour_later_and_a_day_later_there_is_room_again(stack, clock):
    clock("2027-02-03T10:10:00Z")
    firm = stack.tenant(config={"language": "de", "sms": {"first_per_hour": 1, "first_per_day": 2}})

    def asks():
        phone, confirmation, reason = first_contact(firm)
        if confirmation == "queued":
            wait_sent(firm, phone)
        return reason

    for instant, reasons in [
        ("2027-02-03T10:10:00Z", [None, "first_contact"]), ("2027-02-03T10:59:00Z", ["first_contact"]),
        ("2027-02-03T11:00:00Z", [None, "first_contact"]), ("2027-02-03T12:00:00Z", ["first_contact"]),
        ("2027-02-03T22:58:00Z", ["first_contact"]), ("2027-02-03T23:00:00Z", [None, "first_contact"]),
    ]:
        clock(instant)
        assert [asks() for _ in reasons] == reasons, instant


# ---- the day -----------------------------------------------------------------------------------


@pytest.mark.parametrize("before, after, day", [
    ("2027-07-14T21:59:00Z", "2027-07-14T22:01:00Z", ("2027-07-14", "2027-07-15")),
    ("2027-01-13T22:59:00Z", "2027-01-13T23:01:00Z", ("2027-01-13", "2027-01-14")),
    # the nights in which the clocks change
    ("2027-03-27T22:59:00Z", "2027-03-27T23:01:00Z", ("2027-03-27", "2027-03-28")),
    ("2027-03-28T21:59:00Z", "2027-03-28T22:01:00Z", ("2027-03-28", "2027-03-29")),
    ("2027-10-30T21:59:00Z", "2027-10-30T22:01:00Z", ("2027-10-30", "2027-10-31")),
    ("2027-10-31T22:59:00Z", "2027-10-31T23:01:00Z", ("2027-10-31", "2027-11-01")),
])
def test_midnight_in_zurich_parts_two_tickets(firm, clock, before, after, day):
    phone = mobile()
    clock(before)
    first = taken(firm.ticket(phone), 201)
    clock(after)
    second = taken(firm.ticket(phone), 201)
    assert first["ticket_id"] != second["ticket_id"]
    assert [t["dedupe_key"].rsplit(":", 1)[1] for t in firm.tickets(phone)] == list(day)


def test_all_hours_of_a_day_are_one_ticket(firm, clock):
    phone = mobile()
    for hour, instant in enumerate(("2027-10-30T22:00:30Z", "2027-10-31T00:30:00Z", "2027-10-31T01:30:00Z", "2027-10-31T22:59:30Z")):
        clock(instant)
        taken(firm.ticket(phone), 200 if hour else 201)
    assert len(firm.tickets(phone)) == 1


def test_midnight_is_the_firms_own(new_york, firm, clock):
    """23:59 and 00:01 in New York; both are one morning in Zurich."""
    phone = mobile()
    for number, instant in enumerate(("2027-07-15T03:59:00Z", "2027-07-15T04:01:00Z")):
        clock(instant)
        taken(new_york.ticket(phone), 201)
        taken(firm.ticket(phone), 200 if number else 201)
    assert [t["dedupe_key"].rsplit(":", 1)[1] for t in new_york.tickets(phone)] == ["2027-07-14", "2027-07-15"]


# ---- the promise and the night -----------------------------------------------------------------


@pytest.mark.parametrize("now", [
    "2027-07-14T08:00:10Z", "2027-07-14T08:02:30Z", "2027-01-13T13:58:59Z", "2027-10-31T09:11:00Z", "2027-03-28T00:30:00Z",
])
def test_the_promised_hour_is_the_stored_one(firm, clock, now):
    phone = mobile()
    clock(now)
    said = taken(firm.ticket(phone), 201)
    due = utc(said["sla_due_at"])
    assert 120 * MINUTE <= due - utc(now) <= 126 * MINUTE
    (ticket,) = firm.tickets(phone)
    assert ticket["sla_due_at"] == due
    (row,) = confirmations(firm, phone)
    assert f"bis {local(due):%H:%M}." in row["body"], row["body"]


def test_the_promise_stands_still_at_night(night, clock):
    phone = mobile()
    clock("2027-07-14T18:28:00Z")  # 20:28: half an hour today, the rest from seven
    said = taken(night.ticket(phone), 201)
    due = local(utc(said["sla_due_at"]))
    assert (due.day, due.hour, due.minute) == (15, 8, 30)
    (row,) = confirmations(night, phone)
    assert "morgen bis 08:30" in row["body"]


def test_the_promise_waits_for_opening_hours(stack, clock):
    week = {day: [{"from": "08:00", "to": "12:00"}, {"from": "13:00", "to": "17:00"}]
            for day in ("monday", "tuesday", "wednesday", "thursday", "friday")}
    office = stack.tenant(config={
        "language": "de", "languages": ["de"], "hours": {**week, "saturday": [], "sunday": []}, "holidays": ["2027-07-19"],
    })
    phone = mobile()
    clock("2027-07-16T13:58:00Z")  # Friday 15:58; Monday is a holiday
    said = taken(office.ticket(phone), 201)
    due = local(utc(said["sla_due_at"]))
    assert (due.day, due.hour, due.minute) == (20, 9, 0)
    (row,) = confirmations(office, phone)
    assert "am Dienstag bis 09:00" in row["body"]


def test_another_zone_promises_its_own_hour(new_york, clock):
    phone = mobile()
    clock("2027-07-14T14:00:00Z")
    due = utc(taken(new_york.ticket(phone), 201)["sla_due_at"])
    (row,) = confirmations(new_york, phone)
    assert f"bis {local(due, 'America/New_York'):%H:%M}." in row["body"]


def test_the_firm_is_promised_by_its_own_minutes(stack, clock):
    quick = stack.tenant(sla_response_minutes=15)
    clock("2027-07-14T08:00:00Z")
    due = utc(taken(quick.ticket(), 201)["sla_due_at"])
    assert 15 * MINUTE <= due - utc("2027-07-14T08:00:00Z") <= 21 * MINUTE


@pytest.mark.parametrize("now, ends", [
    ("2027-07-14T08:00:00Z", "due"),
    ("2027-07-14T21:30:00Z", "due"),            # waits for the morning
    ("2027-07-17T08:00:00Z", "after a day"),    # a Saturday: promised is Monday
])
def test_a_confirmation_does_not_leave_after_the_time_it_promises(stack, clock, now, ends):
    """As if its provider were away: while the clock is moved nothing leaves but through the console."""
    away = stack.tenant(config={"sms": {"provider": "kannel"}, "hours": {"monday": [{"from": "08:00", "to": "18:00"}],
                                                                         "wednesday": [{"from": "08:00", "to": "18:00"}],
                                                                         "thursday": [{"from": "08:00", "to": "18:00"}]}})
    phone = mobile()
    clock(now)
    due = utc(taken(away.ticket(phone), 201)["sla_due_at"])
    (row,) = confirmations(away, phone)
    assert row["expires_at"] == (due if ends == "due" else row["not_before"] + 24 * 60 * MINUTE) <= due
    clock((row["expires_at"] + MINUTE).isoformat())
    wait_for(lambda: confirmations(away, phone)[0]["status"] == "expired")


@pytest.mark.parametrize("now, end", [
    ("2027-07-14T21:30:00Z", "2027-07-15T05:00:00Z"),
    ("2027-01-14T03:00:00Z", "2027-01-14T06:00:00Z"),
    ("2027-03-27T22:30:00Z", "2027-03-28T05:00:00Z"),  # the short night
    ("2027-10-30T21:30:00Z", "2027-10-31T06:00:00Z"),  # the long one
    ("2027-10-31T00:30:00Z", "2027-10-31T06:00:00Z"),  # 02:30 for the first time
    ("2027-10-31T01:30:00Z", "2027-10-31T06:00:00Z"),  # and for the second
])
def test_at_night_the_confirmation_waits_for_the_morning(night, clock, now, end):
    phone = mobile()
    clock(now)
    said = taken(night.ticket(phone), 201)
    assert (said["confirmation"], said["confirmation_sent"], said["reason"]) == ("deferred", False, None)
    (row,) = confirmations(night, phone)
    assert (row["status"], row["not_before"]) == ("queued", utc(end))
    assert row["expires_at"] > row["not_before"]


@pytest.mark.parametrize("start, stop, now, end", [
    ("22:00", "02:30", "2027-03-28T00:59:00Z", "2027-03-28T01:00:00Z"),  # 02:30 does not come: at three
    ("22:00", "02:30", "2027-10-30T23:59:00Z", "2027-10-31T00:30:00Z"),  # 02:30 comes twice: the first
    ("00:00", "06:00", "2027-03-27T23:30:00Z", "2027-03-28T04:00:00Z"),
])
def test_quiet_hours_end_rightly_when_the_clocks_change(stack, clock, start, stop, now, end):
    firm = stack.tenant(quiet_hours_start=start, quiet_hours_end=stop)
    phone = mobile()
    clock(now)
    assert taken(firm.ticket(phone), 201)["confirmation"] == "deferred"
    (row,) = confirmations(firm, phone)
    assert row["not_before"] == utc(end)


def test_a_deferred_confirmation_really_leaves(night, clock):
    phone = mobile()
    clock("2027-07-14T21:30:00Z")
    assert taken(night.ticket(phone), 201)["confirmation"] == "deferred"
    assert taken(night.ticket(phone), 200)["reason"] == "recent"
    assert night.stack.messages(phone) == []
    clock("2027-07-15T05:00:01Z")
    wait_sent(night, phone)


def test_the_request_after_a_missed_call_hears_its_promise(night, clock):
    """As of when the confirmation leaves."""
    for called_at, asked_at, said_so in [
            ("2027-07-14T09:02:00+02:00", "2027-07-14T09:30:00+02:00", "bis 11:05"),
            ("2027-07-14T20:31:00+02:00", "2027-07-14T20:40:00+02:00", "morgen bis 08:35"),
            ("2027-07-14T20:31:00+02:00", "2027-07-14T22:00:00+02:00", "bis 08:35")]:
        phone = mobile()
        clock(called_at)
        assert night.missed_call(phone).status_code == 200
        clock(asked_at)
        answer = taken(night.ticket(phone), 200)
        (row,) = confirmations(night, phone)
        assert row["body"] == (f"Muster Haustechnik AG: Danke, wir haben Ihre Anfrage Nr. {answer['number']} erhalten. "
                               f"Wir melden uns {said_so}.")
        assert local(utc(answer["sla_due_at"])).strftime("%H:%M") == said_so[-5:]


def test_a_deferred_promise_is_worded_for_when_it_is_read(night, clock):
    """"Tomorrow" would be a day late on the morning it arrives."""
    phone = mobile()
    clock("2027-07-14T21:30:00Z")
    due = local(utc(taken(night.ticket(phone), 201)["sla_due_at"]))
    assert (due.day, due.hour, due.minute) == (15, 9, 0)
    (row,) = confirmations(night, phone)
    assert "Wir melden uns bis 09:00." in row["body"]


def test_an_emergency_is_confirmed_at_night(night, clock):
    phone = mobile()
    clock("2027-07-14T21:30:00Z")
    said = taken(night.ticket(phone, urgency="HIGH"), 201)
    assert said["confirmation"] == "queued"
    (row,) = wait_sent(night, phone)
    # The firm has a landline and names nobody: no one is woken, so nobody promises to call now.
    assert row["body"] == f"Muster Haustechnik AG: Danke, wir haben Ihre Anfrage Nr. {said['number']} erhalten. Wir melden uns morgen bis 09:00."


URGENT = {
    "de": "Ihr Notfall Nr. {} ist gemeldet. Wir rufen Sie gleich an.",
    "fr": "Votre urgence no {} est signalée. Nous vous appelons tout de suite.",
    "it": "La sua emergenza n. {} è segnalata. La chiamiamo subito.",
    "en": "Your emergency no. {} is reported. We are calling you right away.",
}


@pytest.mark.parametrize("language", URGENT)
def test_an_emergency_that_wakes_somebody_promises_a_call_and_no_hour(pikett, clock, language):
    phone = mobile()
    clock("2027-07-14T21:30:00Z")
    said = taken(pikett.ticket(phone, urgency="HIGH", language=language), 201)
    (row,) = wait_sent(pikett, phone)
    assert row["body"] == f"Muster Haustechnik AG: {URGENT[language].format(said['number'])}"
    assert (row["template"], row["segments"]) == ("ticket_confirmation", 1)


def test_what_the_firm_itself_notes_as_urgent_promises_its_hour(pikett, clock):
    phone = mobile()
    clock("2027-07-14T21:30:00Z")
    taken(pikett.ticket(phone, urgency="HIGH", token=pikett.token), 201)
    (row,) = wait_sent(pikett, phone)
    assert "Wir melden uns morgen bis 09:00." in row["body"]


def test_a_request_that_becomes_an_emergency_is_told_so(pikett, clock):
    phone = mobile()
    clock("2027-07-14T08:00:00Z")
    said = taken(pikett.ticket(phone), 201)
    clock("2027-07-14T08:31:00Z")
    taken(pikett.ticket(phone, urgency="HIGH"), 200)
    bodies = sorted(row["body"] for row in wait_sent(pikett, phone, 2))
    assert bodies[1] == f"Muster Haustechnik AG: {URGENT['de'].format(said['number'])}"


# ---- Idempotency-Key ---------------------------------------------------------------------------


def keyed(firm, body, key):
    return firm.stack.post(PATH, body, headers={"Idempotency-Key": key})


def counts(firm, phone):
    tickets = firm.tickets(phone)
    return len(tickets), sum(len([e for e in firm.events(t["id"]) if e["event_type"] in ("created", "updated")]) for t in tickets)


def test_a_key_repeats_the_first_answer(firm):
    phone, key = mobile(), uuid.uuid4().hex
    body = {"customer_slug": firm.slug, "contact_phone": phone, "summary": "Eins"}
    first = keyed(firm, body, key)
    taken(first, 201)
    for _ in range(5):
        again = keyed(firm, body, key)
        assert (again.status_code, again.content) == (201, first.content)
    assert counts(firm, phone) == (1, 1)
    wait_sent(firm, phone)
    rows = firm.stack.sql("select answer from inbound_events where customer_id = %s and event_id = %s", firm.id, key)
    assert len(rows) == 1


def test_a_key_repeats_a_match_as_well(firm):
    phone, key = mobile(), uuid.uuid4().hex
    taken(firm.ticket(phone), 201)
    body = {"customer_slug": firm.slug, "contact_phone": phone, "summary": "Zwei"}
    first = keyed(firm, body, key)
    taken(first, 200)
    # What became of the ticket in the meantime does not change what was said.
    assert firm.move(first.json()["ticket_id"], "CLOSED").status_code == 200
    again = keyed(firm, body, key)
    assert (again.status_code, again.content) == (200, first.content)
    assert counts(firm, phone) == (1, 2)


def test_a_key_repeats_a_form_as_well(firm):
    phone, key = mobile(), uuid.uuid4().hex
    form = {"customer_slug": firm.slug, "contact_phone": phone}
    first = firm.stack.post(PATH, form=form, headers={"Idempotency-Key": key})
    again = firm.stack.post(PATH, form=form, headers={"Idempotency-Key": key})
    assert (first.status_code, again.status_code) == (303, 303)
    assert first.headers["Location"] == again.headers["Location"]
    assert counts(firm, phone) == (1, 1)


def test_a_key_with_another_body_is_refused(firm):
    phone, key = mobile(), uuid.uuid4().hex
    body = {"customer_slug": firm.slug, "contact_phone": phone, "summary": "Eins"}
    taken(keyed(firm, body, key), 201)
    refused(keyed(firm, {**body, "summary": "Zwei"}, key), "key-reused")
    refused(keyed(firm, {**body, "contact_phone": mobile()}, key), "key-reused")
    assert counts(firm, phone) == (1, 1)
    (ticket,) = firm.tickets(phone)
    assert ticket["summary"] == "Eins"


def test_a_refused_request_uses_up_no_key(firm):
    phone, key = mobile(), uuid.uuid4().hex
    refused(keyed(firm, {"customer_slug": firm.slug, "contact_phone": "079"}, key), "phone-invalid", "/contact_phone")
    taken(keyed(firm, {"customer_slug": firm.slug, "contact_phone": phone}, key), 201)


def test_a_key_is_the_firms_own(firm, night):
    phone, key = mobile(), uuid.uuid4().hex
    one = taken(keyed(firm, {"customer_slug": firm.slug, "contact_phone": phone}, key), 201)
    other = taken(keyed(night, {"customer_slug": night.slug, "contact_phone": phone}, key), 201)
    assert one["ticket_id"] != other["ticket_id"]


def test_strangers_do_not_use_up_the_keys_of_the_firm(firm):
    key = uuid.uuid4().hex
    theirs = taken(keyed(firm, {"customer_slug": firm.slug, "contact_phone": mobile()}, key), 201)
    body = {"customer_slug": firm.slug, "contact_phone": mobile()}
    first = firm.stack.post(PATH, body, token=firm.token, headers={"Idempotency-Key": key})
    again = firm.stack.post(PATH, body, token=firm.token, headers={"Idempotency-Key": key})
    assert taken(first, 201)["ticket_id"] != theirs["ticket_id"]
    assert again.content == first.content


def test_a_key_counts_for_seven_days(firm, clock):
    phone, key = mobile(), uuid.uuid4().hex
    body = {"customer_slug": firm.slug, "contact_phone": phone}
    clock("2027-05-03T08:00:00Z")
    first = keyed(firm, body, key)
    clock("2027-05-10T07:59:00Z")
    assert keyed(firm, body, key).content == first.content
    clock("2027-05-10T08:01:00Z")
    second = taken(keyed(firm, body, key), 201)
    assert second["ticket_id"] != first.json()["ticket_id"]
    assert keyed(firm, body, key).json() == second
    assert len(firm.tickets(phone)) == 2
    # and it may come with another body once it is forgotten
    clock("2027-05-18T08:00:00Z")
    taken(keyed(firm, {**body, "summary": "anders"}, key), 201)


@pytest.mark.parametrize("key, slug", [("x" * 201, "field-too-long"), ("schlüssel", "field-invalid"), ("a\tb", "field-invalid")])
def test_a_strange_key_is_refused(firm, key, slug):
    answer = firm.ticket(headers={"Idempotency-Key": key.encode()})
    refused(answer, slug)


def test_the_longest_key_is_taken(firm):
    phone, key = mobile(), "k" * 200
    body = {"customer_slug": firm.slug, "contact_phone": phone}
    assert keyed(firm, body, key).content == keyed(firm, body, key).content
    assert counts(firm, phone) == (1, 1)


@pytest.mark.parametrize("round_", range(ROUNDS))
def test_one_key_in_parallel_gets_one_answer(firm, round_):
    phone, key = mobile(), uuid.uuid4().hex
    body = {"customer_slug": firm.slug, "contact_phone": phone, "summary": f"Runde {round_}"}
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: send(firm, body, {"Idempotency-Key": key}), range(8)))
    assert {(a.status_code, a.content) for a in answers} == {(201, answers[0].content)}
    assert counts(firm, phone) == (1, 1)


@pytest.mark.parametrize("round_", range(ROUNDS))
def test_one_key_with_two_bodies_in_parallel_wins_once(firm, round_):
    """Other bodies are other contacts, so nothing but the key itself stands between them."""
    key = uuid.uuid4().hex
    bodies = [{"customer_slug": firm.slug, "contact_phone": mobile(), "summary": f"Runde {round_}"} for _ in range(4)]
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda body: send(firm, body, {"Idempotency-Key": key}), bodies))
    assert sorted(a.status_code for a in answers) == [201, 422, 422, 422]
    for answer, body in zip(answers, bodies):
        assert len(firm.tickets(body["contact_phone"])) == (answer.status_code == 201)
        if answer.status_code == 422:
            refused(answer, "key-reused")


@pytest.mark.parametrize("held, slug", [
    ("select pg_advisory_xact_lock(hashtextextended(%s || ' ' || %s, 0))", "key-in-flight"),
    ("select id from tickets where customer_id = %s and contact_phone = %s for update", "try-again"),
])
def test_a_key_is_said_to_be_in_flight_only_if_it_may_be(firm, held, slug):
    """Who repeats a request waits for the contact. What else is locked, by an operator or a backup, is nobody's first request."""
    phone, key = mobile(), uuid.uuid4().hex
    body = {"customer_slug": firm.slug, "contact_phone": phone}
    taken(keyed(firm, body, uuid.uuid4().hex), 201)
    with contextlib.closing(firm.stack.connect()) as db, db.cursor() as cursor:
        db.autocommit = False
        cursor.execute(held, (str(firm.id), phone))
        answer = keyed(firm, body, key)
        refused(answer, slug)
        assert int(answer.headers["Retry-After"]) > 0
        db.rollback()
    taken(keyed(firm, body, key), 200)


# ---- languages ---------------------------------------------------------------------------------


@pytest.mark.parametrize("language, words, stored", [
    ("fr", "Merci, votre demande", "fr"), ("fr-CH", "Merci, votre demande", "fr"), ("FR", "Merci, votre demande", "fr"),
    ("it", "Grazie, ", "it"), ("en", "Thank you, ", "en"), ("de", "Danke, wir haben", "de"),
    ("rm", "Danke, wir haben", None), ("xx-yy", "Danke, wir haben", None), (None, "Danke, wir haben", None),
])
def test_the_confirmation_speaks_the_contacts_language(firm, language, words, stored):
    phone = mobile()
    taken(firm.ticket(phone, language=language), 201)
    (row,) = confirmations(firm, phone)
    assert words in row["body"], row["body"]
    contact = firm.stack.one("select language from contacts where id = %s", row["contact_id"])
    assert contact["language"] == stored


def test_a_contacts_language_stays(firm, clock):
    phone = mobile()
    clock("2027-05-13T08:00:00Z")
    taken(firm.ticket(phone, language="it"), 201)
    clock("2027-05-13T09:00:00Z")
    taken(firm.ticket(phone, language="fr"), 200)
    assert [m["body"].split(": ")[1].split(",")[0] for m in confirmations(firm, phone)] == ["Grazie", "Grazie"]


def test_a_language_the_firm_does_not_speak_gives_way_to_its_own(stack):
    french = stack.tenant(config={"language": "fr", "languages": ["fr", "en"]})
    phone = mobile()
    taken(french.ticket(phone, language="it"), 201)
    (row,) = confirmations(french, phone)
    assert "Merci, votre demande" in row["body"]


# ---- many at once, and quickly -----------------------------------------------------------------


def send(firm, body, headers=None):
    """Each on a connection of its own."""
    return requests.post(firm.stack.base + PATH, json=body, headers=headers, timeout=60)


@pytest.mark.parametrize("round_", range(ROUNDS))
def test_two_hundred_at_once_are_one_ticket(firm, round_):
    phone = mobile()
    body = {"customer_slug": firm.slug, "contact_phone": phone, "urgency": "HIGH", "summary": f"Runde {round_}"}
    with concurrent.futures.ThreadPoolExecutor(PARALLEL) as pool:
        answers = list(pool.map(lambda _: send(firm, body), range(PARALLEL)))
    assert sorted(a.status_code for a in answers) == [200] * (PARALLEL - 1) + [201]
    assert len({a.json()["ticket_id"] for a in answers}) == 1
    assert [a.json()["confirmation"] for a in answers].count("queued") == 1
    (ticket,) = firm.tickets(phone)
    assert ticket["summary"] == "\n".join([body["summary"]] * PARALLEL)[:10000]
    assert counts(firm, phone) == (1, PARALLEL)
    wait_sent(firm, phone, 1)


def test_distinct_contacts_at_once_get_a_ticket_each(firm):
    phones = [mobile() for _ in range(50)]
    with concurrent.futures.ThreadPoolExecutor(25) as pool:
        answers = list(pool.map(lambda p: send(firm, {"customer_slug": firm.slug, "contact_phone": p}), phones))
    assert {a.status_code for a in answers} == {201}
    assert len({a.json()["number"] for a in answers}) == len(phones)


def round_trips(firm, answer):
    """What the program's own log says the request cost: "<id> 201 812us db 1 604us POST"."""
    def find():
        for log in (firm.stack.state / "log").glob("ticket*.log"):
            line = re.search(rf"{answer.headers['X-Request-Id']} \d+ \d+us db (\d+) ", log.read_text())
            if line:
                return line
        return None

    return int(wait_for(find, what="the line of the access log").group(1))


def test_a_warm_ticket_costs_one_round_trip(firm):
    """A worker's first request of five seconds reads the firm as well; there are a few workers."""
    workers = int(firm.stack.env["OPSFABRIC_WORKERS"])
    phone = mobile()
    begun = time.monotonic()
    answers = [firm.ticket(mobile()) for _ in range(10)] + [firm.ticket(phone) for _ in range(10)]
    cold = workers * (1 + int((time.monotonic() - begun) / 5))
    trips = [round_trips(firm, a) for a in answers]
    assert set(trips) <= {1, 2} and trips.count(2) <= cold < len(trips), trips
