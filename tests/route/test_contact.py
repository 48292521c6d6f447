"""opsfabric contact export, erase: one person's data, shown whole or taken out of everything"""

import json
import pathlib
import subprocess
import uuid

import pytest

from tests.route.test_ticket_photo import form_of
from tests.support.pictures import Pictures
from tests.support.stack import landline, mobile, wait_for


def spellings(phone):
    """+41791234567 as people, forms and providers write it."""
    digits = phone[1:]
    national = "0" + digits[2:]
    groups = (national[:3], national[3:6], national[6:8], national[8:])
    return [phone, digits, "00" + digits, national, digits[2:], " ".join(groups), "%20".join(groups), "-".join(groups), "/".join(groups),
            f"+41 {groups[0][1:]} {groups[1]} {groups[2]} {groups[3]}", "%2B" + digits]


def dump(stack):
    done = subprocess.run(["pg_dump", "-h", str(stack.state / "postgres"), "-U", "postgres", "--inserts", "opsfabric"],
                          capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout


def settled(firm, phone):
    wait_for(lambda: all(m["status"] not in ("queued", "sending") for m in firm.outbound(phone)), what="its messages")


class Person:
    """Somebody who has used every way to a firm."""

    def __init__(self, firm, directory):
        self.firm, self.phone = firm, mobile()
        self.surname = "Zufferey" + uuid.uuid4().hex[:8]
        self.name = f"Zacharias {self.surname}"
        self.email = f"{self.surname.lower()}@example.ch"
        stack = firm.stack
        self.ticket = firm.ticket(self.phone, contact_name=self.name, contact_email=self.email.title(), urgency="HIGH",
                                  summary=f"Wasser im Keller bei {self.surname}",
                                  metadata={"street": f"{self.surname}weg 7"},
                                  headers={"Idempotency-Key": uuid.uuid4().hex}).json()["ticket_id"]
        answer = stack.post("/api/ticket/photo", headers={"Accept": "application/json"},
                            **form_of(stack, self.ticket, Pictures(directory).flag_as("a.jpg")))
        assert answer.status_code == 201, answer.text
        self.photo = answer.json()["photo_id"]
        groups = f"0{self.phone[3:5]} {self.phone[5:8]} {self.phone[8:10]} {self.phone[10:]}"
        assert stack.post("/api/webhook/missed-call", form={"From": groups, "To": firm.phone, "CallStatus": "no-answer",
                                                            "CallSid": uuid.uuid4().hex}).status_code == 200
        assert firm.text(self.phone, f"1 bitte, Gruss {self.name}").status_code == 200
        # one that is nobody's, and one for the firm that leads to nothing
        assert stack.post("/api/webhook/missed-call", {"From": self.phone, "To": landline(), "CallStatus": "no-answer",
                                                       "CallSid": uuid.uuid4().hex}).status_code == 404
        assert firm.missed_call(self.phone, CallStatus="completed").status_code == 200
        settled(firm, self.phone)
        settled(firm, None)

    def files(self):
        root = pathlib.Path(self.firm.stack.state) / "photos" / str(self.firm.id)
        return sorted(p.name for p in root.iterdir()) if root.exists() else []


@pytest.fixture
def firm(stack):
    return stack.tenant(config={"language": "de", "languages": ["de", "fr"], "on_call": [{"phone": mobile(), "name": "Beat"}]})


@pytest.fixture
def person(firm, tmp_path):
    return Person(firm, tmp_path)


def test_export_has_all_of_it_and_nobody_elses(stack, firm, person, tmp_path):
    other = mobile()
    firm.ticket(other, contact_name="Berta Anders")
    out = stack.command("contact", "export", firm.slug, person.phone, "--photos", str(tmp_path / "photos"))
    document = json.loads(out.stdout)
    assert set(document) == {"contact", "tickets", "messages", "consents", "inbound"}
    assert (document["contact"]["phone"], document["contact"]["name"]) == (person.phone, person.name)
    ticket, = document["tickets"]
    assert (ticket["id"], ticket["summary"].split("\n")[0]) == (person.ticket, f"Wasser im Keller bei {person.surname}")
    assert {e["event_type"] for e in ticket["events"]} >= {"created", "sms_received", "photo_added", "alerted"}
    assert [p["id"] for p in ticket["photos"]] == [person.photo]
    assert [p.name for p in (tmp_path / "photos").iterdir()] == [f"{person.photo}.jpg"]
    assert (tmp_path / "photos" / f"{person.photo}.jpg").read_bytes()[:3] == b"\xff\xd8\xff"
    assert {m["direction"] for m in document["messages"]} == {"inbound", "outbound"}
    assert len(document["inbound"]) == 5  # the form, two calls, the text, and the call that is nobody's
    assert "Berta" not in out.stdout and other not in out.stdout


@pytest.mark.parametrize("way", ["phone", "national", "email", "id"])
def test_a_person_is_found_by(stack, firm, person, way):
    contact = stack.one("select id from contacts where customer_id = %s and phone = %s", firm.id, person.phone)["id"]
    operand = {"phone": person.phone, "national": spellings(person.phone)[5], "email": person.email.upper(), "id": str(contact)}[way]
    document = json.loads(stack.command("contact", "export", firm.slug, operand).stdout)
    assert document["contact"]["id"] == str(contact)


def test_erase_leaves_nothing_that_names_them(stack, firm, person):
    number = firm.tickets(person.phone)[0]["number"]
    before = stack.one("select count(*) as n, sum(segments) as s from sms_log where customer_id = %s", firm.id)
    assert any(s in dump(stack) for s in spellings(person.phone))
    assert len(person.files()) == 2
    answer = json.loads(stack.command("contact", "erase", firm.slug, person.phone, "--json").stdout)
    assert (answer["tickets"], answer["inbound"], answer["photos"], answer["opted_out"]) == (1, 5, [person.photo], False)
    text = dump(stack)
    found = [s for s in [*spellings(person.phone), person.surname, person.email, person.email.title(),
                         person.email.replace("@", "%40")] if s in text]
    assert found == []
    assert person.files() == []
    # what is left can be counted, and says who did it
    row, = firm.tickets()
    assert (row["number"], row["status"], row["urgency"], row["erased_at"] is not None) == (number, "CLOSED", "HIGH", True)
    event = firm.events(row["id"])[-1]
    assert event["event_type"] == "erased" and event["metadata"]["actor"].startswith("command:")
    after = stack.one("select count(*) as n, sum(segments) as s from sms_log where customer_id = %s", firm.id)
    assert after == before
    # nobody is told of it any more, and nobody is found again
    assert not stack.sql("select 1 as n from alerts where customer_id = %s and (next_at is not null or told <> '')", firm.id)
    for command in ("export", "erase"):
        out = stack.command("contact", command, firm.slug, person.phone, check=False)
        assert (out.returncode, out.stdout) == (3, ""), out.stderr
    # the person may come back as a new one
    assert firm.ticket(person.phone).json()["dedupe_matched"] is False


def test_others_are_not_touched(stack, firm, person, tmp_path):
    other = mobile()
    kept = firm.ticket(other, contact_name="Berta Anders", summary="bleibt").json()["ticket_id"]
    neighbour = stack.tenant()
    same = neighbour.ticket(person.phone, summary="bei der anderen Firma").json()["ticket_id"]
    settled(neighbour, None)
    settled(firm, None)
    watched = ("tickets", "ticket_events", "sms_log", "contacts")

    def rows():
        return [stack.sql(f"select * from {table} where customer_id = %s and {column} = %s order by {'seq' if table == 'ticket_events' else 'id'}", firm_id, value)
                for firm_id, ticket in ((firm.id, kept), (neighbour.id, same))
                for table in watched
                for column, value in [({"tickets": "id", "contacts": "phone"}.get(table, "ticket_id"),
                                       (other if firm_id == firm.id else person.phone) if table == "contacts" else ticket)]]

    before = rows()
    assert all(before)
    stack.command("contact", "erase", firm.slug, person.phone)
    assert rows() == before


def test_stop_survives(stack, firm):
    phone = mobile()
    firm.text(phone, "STOP")
    settled(firm, phone)
    assert "their STOP stays" in stack.command("contact", "erase", firm.slug, phone).stdout
    text = dump(stack)
    assert [s for s in spellings(phone) if s in text] == []
    sent = len(stack.messages(phone))
    assert firm.missed_call(phone).json()["reason"] == "opted_out"
    # erased again, and again it holds
    stack.command("contact", "erase", firm.slug, phone)
    assert firm.ticket(phone).json()["reason"] == "opted_out"
    assert len(stack.messages(phone)) == sent
    assert firm.text(phone, "START").status_code == 200
    settled(firm, phone)
    stack.command("contact", "erase", firm.slug, phone)
    assert firm.missed_call(phone).json()["status"] in ("queued", "deferred")


def test_what_waits_is_not_sent_any_more(stack, clock):
    clock("2026-12-02T22:30:00+01:00")
    firm = stack.tenant(quiet_hours_start="21:00", quiet_hours_end="07:00")
    phone = mobile()
    assert firm.missed_call(phone).json()["status"] == "deferred"
    stack.command("contact", "erase", firm.slug, phone)
    message, = firm.outbound()
    assert (message["status"], message["reason"], message["body"], message["to_number"]) == ("suppressed", "erased", "", None)


def test_a_file_that_stays_stops_it(stack, firm, person):
    photo = pathlib.Path(stack.state) / "photos" / str(firm.id) / f"{person.photo}.jpg"
    aside = photo.with_suffix(".aside")
    photo.rename(aside)
    photo.mkdir()
    out = stack.command("contact", "erase", firm.slug, person.phone, check=False)
    photo.rmdir()
    aside.rename(photo)
    assert out.returncode == 1 and "nothing else was erased" in out.stderr
    assert firm.tickets(person.phone)
    stack.command("contact", "erase", firm.slug, person.phone)
    assert not photo.exists()


def test_two_with_one_mailbox_are_told_apart(stack, firm):
    email = f"{uuid.uuid4().hex[:8]}@example.ch"
    for phone in (mobile(), mobile()):
        firm.ticket(phone, contact_email=email)
    out = stack.command("contact", "erase", firm.slug, email, check=False)
    assert out.returncode == 1 and out.stderr.count("\n  ") == 2
    stack.command("contact", "erase", firm.slug, out.stderr.strip().split("\n")[1].split()[0])
    assert stack.command("contact", "export", firm.slug, email).returncode == 0


@pytest.mark.parametrize("operands, status", [(["nobody-here", "+41791234567"], 3), (["{slug}", "+41791999999"], 3),
                                              (["{slug}", "nonsense"], 2), (["{slug}"], 2)])
def test_what_is_wrong_is_said(stack, tenant, operands, status):
    out = stack.command("contact", "export", *[o.format(slug=tenant.slug) for o in operands], check=False)
    assert (out.returncode, out.stdout) == (status, "") and out.stderr
