"""opsfabric contact export, erase: one person's data, shown whole or taken out of everything"""

import datetime
import hashlib
import json
import os
import pathlib
import subprocess
import uuid

import pytest

from tests.support.pictures import Pictures, form_of
from tests.support.stack import landline, mobile, wait_for


def spellings(phone):
    """+41791234567 as people, forms and providers write it."""
    digits = phone[1:]
    national = "0" + digits[2:]
    groups = (national[:3], national[3:6], national[6:8], national[8:])
    return [phone, digits, "00" + digits, national, digits[2:], " ".join(groups), "%20".join(groups), "-".join(groups), "/".join(groups),
            f"+41 {groups[0][1:]} {groups[1]} {groups[2]} {groups[3]}", "%2B" + digits]


def nobodys_of(stack, phone):
    """The id of the request of that number that is nobody's."""
    return str(stack.one("select id from inbound_events where customer_id is null and raw like %s", f"%{phone}%")["id"])


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
    nobodys = nobodys_of(stack, person.phone)
    stack.command("inbound", "discard", nobodys)
    answer = json.loads(stack.command("contact", "erase", firm.slug, person.phone, "--json").stdout)
    assert (answer["tickets"], answer["inbound"], answer["waiting"], answer["photos"], answer["opted_out"]) == (1, 4, [], [person.photo], False)
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


def test_what_may_be_another_firms_waits_on(stack, firm, person):
    nobodys = nobodys_of(stack, person.phone)
    out = stack.command("contact", "erase", firm.slug, person.phone).stdout
    assert f"{nobodys} names them, is nobody's and waits" in out
    neighbour = stack.tenant()
    stack.command("inbound", "release", nobodys, "--tenant", neighbour.slug)
    assert len(neighbour.tickets(person.phone)) == 1
    # what is settled, or has waited for a week, goes
    firm.ticket(person.phone)
    assert json.loads(stack.command("contact", "erase", firm.slug, person.phone, "--json").stdout)["waiting"] == []
    assert not stack.sql("select 1 as n from inbound_events where id = %s", nobodys)


def test_a_firms_own_number_names_nobody(stack, firm):
    caller = mobile()
    assert firm.missed_call(caller).status_code == 200
    own = firm.ticket(firm.phone, contact_email=f"{uuid.uuid4().hex}@example.ch").json()["ticket_id"]
    settled(firm, None)
    theirs = "select raw from inbound_events where customer_id = %s and raw like %s"
    before = stack.sql(theirs, firm.id, f"%{caller}%")
    assert before
    stack.command("contact", "erase", firm.slug, str(stack.one("select contact_id from tickets where id = %s", own)["contact_id"]))
    assert stack.sql(theirs, firm.id, f"%{caller}%") == before
    assert firm.tickets(caller)[0]["contact_phone"] == caller


@pytest.mark.parametrize("said, named", [
    ('{"mail":"a@b.ch"}', True), ('{"mail":"A@B.ch."}', True), ("x=1&mail=a%40b.ch&y", True), ("mail%3Da%40b.ch", True),
    ('{"words":"Mail:\\na@b.ch, danke"}', True), ("<a@b.ch>", True), ('{"mail":"anna@b.ch"}', False), ('{"mail":"x.a@b.ch"}', False),
    ('{"mail":"x%2Ba@b.ch"}', False), ('{"mail":"a@b.chur.ch"}', False), ('{"mail":"a@b-ch"}', False), ('{"mail":"a@bxch"}', False),
    ('{"From":"+41791234567"}', True), ("From=%2B41+79+123+45+67", True), ('{"words":"Tel. 079/123 45 67 abends"}', True),
    ('{"words":"(079) 123-45-67"}', True), ('{"words":"um 12 Uhr: 0791234567"}', True), ('{"a":"4179123","b":"4567"}', False),
    ("a=4179123&b=4567", False), ("a=4179123%2C4567", True), ("019a4179-1234-567a", True), ("41791a234567", False)])
def test_what_names_a_person(stack, said, named):
    assert stack.one("select names_person(%s, %s, %s) as it", said, "791234567", "a@b.ch")["it"] is named


# ---- the spool of this host ------------------------------------------------------------------------


def spooled(spool, place, body, slug="", customer="", days=0):
    """A request as lib/backlog.c keeps it."""
    came = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(days=days)
    parts = ["key", came.strftime("%Y-%m-%dT%H:%M:%S.%fZ"), uuid.uuid4().hex, "POST", "/api/webhook/nobody-knows", "", "form", "127.0.0.1",
             "", customer, slug, body]
    rest = "".join(f"{len(part.encode())}:{part}\n" for part in parts).encode()
    path = spool / place / f"{int(came.timestamp() * 1e6):016}-{uuid.uuid4()}"
    fresh = spool / path.name
    fresh.write_bytes(b"opsfabric-spool 1 " + hashlib.sha256(rest).hexdigest().encode() + b"\n" + rest)
    fresh.chmod(0o600)
    fresh.rename(path)
    return path


def test_what_could_not_be_taken_goes_too(stack, firm):
    neighbour, phone, other = stack.tenant(), mobile(), mobile()
    firm.ticket(phone)

    def body(number, to):
        return f"From=%2B{number[1:3]}+{number[3:]}&To=%2B{to[1:]}"

    gone = [spooled(stack.state / "spool", "failed", body(phone, firm.phone)), spooled(stack.state / "spool", "failed", f"From=0{phone[3:]}", firm.slug, str(firm.id))]
    kept = [spooled(stack.state / "spool", "failed", body(phone, neighbour.phone)), spooled(stack.state / "spool", "failed", body(other, firm.phone)),
            spooled(stack.state / "spool", "failed", f"From=0{phone[3:]}", neighbour.slug, str(neighbour.id))]
    stack.command("contact", "erase", firm.slug, phone)
    assert [p.exists() for p in gone + kept] == [False] * 2 + [True] * 3
    for path in kept:
        path.unlink()


def test_what_waits_in_the_spool_stops_it(stack, firm, tmp_path):
    phone = mobile()
    firm.ticket(phone)
    spool = tmp_path / "spool"
    for name in ("wait/07", "failed", "new"):
        (spool / name).mkdir(parents=True, mode=0o700)
    waits = spooled(spool, "wait/07", f"From=0{phone[3:]}&To=%2B{firm.phone[1:]}")

    def erase():
        return subprocess.run([stack.state / "bin" / "opsfabric", "contact", "erase", firm.slug, phone],
                              env={**os.environ, "SPOOL_DIR": str(spool)}, capture_output=True, text=True, timeout=60)

    out = erase()
    assert out.returncode == 1 and waits.name in out.stderr and "nothing was erased" in out.stderr
    assert firm.tickets(phone) and waits.exists()
    waits.unlink()
    assert erase().returncode == 0


def test_what_failed_has_an_end(stack):
    old, young = spooled(stack.state / "spool", "failed", "From=1", days=31), spooled(stack.state / "spool", "failed", "From=1", days=29)
    wait_for(lambda: not old.exists(), seconds=60, what="replay to remove what is too old")
    assert young.exists()
    young.unlink()
    log = stack.state / "log" / "replay.log"
    wait_for(lambda: f"{old.name} lay in failed/ for 30 days" in log.read_text(errors="replace"), what="the line")


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
