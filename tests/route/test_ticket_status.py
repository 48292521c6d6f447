"""POST /api/ticket/status: staff move a ticket, if it still is where they saw it"""

import concurrent.futures
import datetime
import itertools
import os
import re
import uuid
import zoneinfo

import pytest
import requests

from tests.support import problems
from tests.support.stack import landline, mobile, wait_for

PATH = "/api/ticket/status"
# Of appointments: in the future, and less than two years ahead.
YEAR = datetime.date.today().year + 1
ROUNDS = int(os.environ.get("OPSFABRIC_TEST_ROUNDS", "5"))
HOUR = datetime.timedelta(hours=1)


def matrix():
    """from -> set of to, as docs/status.md shows it"""
    page = (problems.ROOT / "docs/status.md").read_text()
    rows = re.findall(r"^\|(.*)\|$", page[page.index("| from \\ to |"):].split("\n\n")[0], re.M)
    cells = [[c.strip() for c in row.split("|")] for row in rows]
    names = cells[0][1:]
    return {row[0]: {to for to, cell in zip(names, row[1:]) if cell == "yes"} for row in cells[2:]}


MOVES = matrix()
STATUSES = list(MOVES)
ALLOWED = [(a, b) for a in STATUSES for b in STATUSES if b in MOVES[a]]
REFUSED = [(a, b) for a in STATUSES for b in STATUSES if b not in MOVES[a]]


@pytest.fixture(scope="module")
def firm(stack):
    return stack.tenant(daily_segments=100000, review_delay_hours=3)


@pytest.fixture(scope="module")
def other(stack):
    return stack.tenant()


@pytest.fixture(scope="module")
def talker(stack):
    """A firm that tells its contacts how things stand."""
    return stack.tenant(
        daily_segments=100000,
        config={"language": "de", "languages": ["de", "fr", "it", "en"], "status_messages": True},
    )


def utc(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).astimezone(datetime.timezone.utc)


def refused(answer, slug, pointer=None):
    return problems.check(answer, slug, pointer, route="ticket_status")


def moved(answer):
    assert answer.status_code == 200, answer.text
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.headers["Cache-Control"] == "no-store"
    said = answer.json()
    assert list(said) == ["ticket_id", "number", "old_status", "status", "message"]
    return said


def opened(firm, phone=None, **fields):
    answer = firm.ticket(phone, **fields)
    assert answer.status_code == 201, answer.text
    return answer.json()["ticket_id"]


def row(firm, ticket_id):
    return firm.stack.one("select * from tickets where id = %s", ticket_id)


def changes(firm, ticket_id):
    return [e for e in firm.events(ticket_id) if e["event_type"] == "status_changed"]


def appointments(firm, ticket_id):
    return firm.stack.sql("select * from appointments where ticket_id = %s order by created_at, id", ticket_id)


def in_status(firm, status, **fields):
    """A ticket that got there by allowed moves."""
    ticket_id = opened(firm, **fields)
    if status != "NEW":
        moved(firm.move(ticket_id, status))
    return ticket_id


def slot():
    """An hour that no other test uses, far from any other."""
    start = utc(f"{YEAR}-01-01T00:00:00Z") + next(hours) * 3 * HOUR
    return start, start + HOUR


hours = itertools.count()


def text(instant):
    return instant.strftime("%Y-%m-%dT%H:%M:%SZ")


# ---- the moves ---------------------------------------------------------------------------------


def test_the_documented_table_is_a_real_one():
    assert STATUSES == ["NEW", "NEEDS_CALLBACK", "SCHEDULED", "IN_PROGRESS", "DONE", "CLOSED"]
    assert MOVES["CLOSED"] == set() and all("NEW" not in to for to in MOVES.values())
    assert len(ALLOWED) + len(REFUSED) == 36


@pytest.mark.parametrize("before, after", ALLOWED)
@pytest.mark.parametrize("says", [True, False], ids=["with old_status", "without"])
def test_what_is_allowed_happens(firm, before, after, says):
    ticket_id = in_status(firm, before)
    told = len(changes(firm, ticket_id))
    said = moved(firm.move(ticket_id, after, **({"old_status": before} if says else {})))
    ticket = row(firm, ticket_id)
    assert said == {
        "ticket_id": ticket_id, "number": ticket["number"], "old_status": before, "status": after, "message": "none",
    }
    assert (ticket["status"], ticket["unread"]) == (after, False)
    done = after == "DONE" or (after == "CLOSED" and before == "DONE")
    assert (ticket["job_completed_at"] is not None) == done
    assert (ticket["review_due_at"] is not None) == (after == "DONE")
    event = changes(firm, ticket_id)[told:]
    assert [(e["old_value"], e["new_value"], e["metadata"]) for e in event] == [(before, after, {"actor": "api"})]


@pytest.mark.parametrize("before, after", REFUSED)
@pytest.mark.parametrize("says", [True, False], ids=["with old_status", "without"])
def test_what_is_not_allowed_is_refused(firm, before, after, says):
    ticket_id = in_status(firm, before)
    ticket, history = row(firm, ticket_id), firm.events(ticket_id)
    answer = firm.move(ticket_id, after, **({"old_status": before} if says else {}))
    detail = refused(answer, "status-illegal")["detail"]
    assert before in detail
    named = set(re.findall("|".join(STATUSES), detail.split(": ", 1)[1] if MOVES[before] else ""))
    assert named == MOVES[before], detail
    assert [e for e in firm.events(ticket_id) if e["event_type"] == "status_changed"] == [
        e for e in history if e["event_type"] == "status_changed"]
    assert row(firm, ticket_id) == ticket


@pytest.mark.parametrize("name", ["old_status", "expected_status"])
def test_who_saw_another_status_is_refused(firm, name):
    """NEW to SCHEDULED would be allowed, and so would what it is by now."""
    ticket_id = in_status(firm, "IN_PROGRESS")
    before = row(firm, ticket_id)
    detail = refused(firm.move(ticket_id, "SCHEDULED", **{name: "NEW"}), "status-illegal", "/old_status")["detail"]
    for status in MOVES["IN_PROGRESS"] | {"IN_PROGRESS"}:
        assert status in detail, detail
    assert row(firm, ticket_id) == before
    assert appointments(firm, ticket_id) == []


def test_who_saw_it_before_it_was_closed_is_told_so(firm):
    ticket_id = in_status(firm, "CLOSED")
    assert "CLOSED" in refused(firm.move(ticket_id, "DONE", old_status="NEW"), "status-illegal", "/old_status")["detail"]


@pytest.mark.parametrize("round_", range(ROUNDS))
def test_of_parallel_moves_one_wins(firm, round_):
    ticket_id = opened(firm)
    targets = [s for s in STATUSES if s in MOVES["NEW"]] * 4

    def move(status):
        body = {"ticket_id": ticket_id, "status": status, "old_status": "NEW"}
        return requests.post(firm.stack.base + PATH, json=body, headers={"Authorization": f"Bearer {firm.token}"}, timeout=30)

    firm.token  # made once, not by each thread
    with concurrent.futures.ThreadPoolExecutor(len(targets)) as pool:
        answers = list(pool.map(move, targets))
    won = [(a, s) for a, s in zip(answers, targets) if a.status_code == 200]
    assert len(won) == 1
    assert {a.status_code for a in answers} == {200, 409}
    for answer in answers:
        if answer.status_code == 409:
            refused(answer, "status-illegal", "/old_status")
    assert row(firm, ticket_id)["status"] == won[0][1]
    assert [(e["old_value"], e["new_value"]) for e in changes(firm, ticket_id)] == [("NEW", won[0][1])]


@pytest.mark.parametrize("round_", range(ROUNDS))
def test_staff_and_the_contact_at_once_leave_a_sound_ticket(firm, round_):
    """Whoever comes first: the history fits together, and a request after DONE opens the ticket again."""
    phone = mobile()
    ticket_id = opened(firm, phone)
    firm.token

    def act(n):
        if n % 2:
            body = {"customer_slug": firm.slug, "contact_phone": phone, "summary": f"Text {n}"}
            return requests.post(firm.stack.base + "/api/ticket", json=body, timeout=30).status_code
        body = {"ticket_id": ticket_id, "status": "DONE"}
        return requests.post(
            firm.stack.base + PATH, json=body, headers={"Authorization": f"Bearer {firm.token}"}, timeout=30).status_code

    with concurrent.futures.ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(act, range(20)))
    assert set(answers[1::2]) == {200} and set(answers[0::2]) <= {200, 409}
    ticket = row(firm, ticket_id)
    chain = [(e["old_value"], e["new_value"]) for e in changes(firm, ticket_id)]
    assert [a for a, _ in chain] == ["NEW"] + [b for _, b in chain[:-1]]
    assert chain[-1][1] == ticket["status"]
    assert (ticket["job_completed_at"] is not None) == (ticket["status"] == "DONE")
    assert len(firm.tickets(phone)) == 1


# ---- DONE --------------------------------------------------------------------------------------


def test_done_says_when_and_when_to_ask(firm, clock):
    clock("2027-05-11T08:00:00Z")
    ticket_id = opened(firm)
    clock("2027-05-11T13:00:00Z")
    moved(firm.move(ticket_id, "DONE"))
    ticket = row(firm, ticket_id)
    passed = ticket["job_completed_at"] - utc("2027-05-11T13:00:00Z")
    assert datetime.timedelta(0) <= passed < datetime.timedelta(minutes=2)
    assert ticket["review_due_at"] - ticket["job_completed_at"] == 3 * HOUR


def test_done_is_taken_back_with_its_review_request(firm):
    ticket_id = in_status(firm, "DONE")
    ticket = row(firm, ticket_id)
    firm.stack.sql("update tickets set review_request_sent_at = now(), review_due_at = null where id = %s", ticket_id)
    request = str(uuid.uuid4())
    firm.stack.sql(
        "insert into sms_log (id, customer_id, contact_id, ticket_id, direction, template, from_number, to_number, body,"
        " provider, status, not_before, expires_at, status_at, created_at) values (%s, %s, %s, %s, 'outbound',"
        " 'review_request', %s, %s, 'Wie war es?', 'console', 'queued', now() + interval '1 day',"
        " now() + interval '2 days', now(), now())",
        request, firm.id, ticket["contact_id"], ticket_id, firm.sms_number, ticket["contact_phone"],
    )
    moved(firm.move(ticket_id, "IN_PROGRESS"))
    ticket = row(firm, ticket_id)
    assert (ticket["job_completed_at"], ticket["review_due_at"], ticket["review_request_sent_at"]) == (None, None, None)
    message = firm.stack.one("select status, reason from sms_log where id = %s", request)
    assert (message["status"], message["reason"]) == ("suppressed", "withdrawn")


def test_closing_keeps_when_the_job_was_done(firm):
    ticket_id = in_status(firm, "DONE")
    done = row(firm, ticket_id)["job_completed_at"]
    moved(firm.move(ticket_id, "CLOSED"))
    ticket = row(firm, ticket_id)
    assert (ticket["job_completed_at"], ticket["review_due_at"]) == (done, None)


def test_a_callback_is_promised_anew(firm, clock):
    clock("2027-05-11T08:00:00Z")
    ticket_id = opened(firm)
    first = row(firm, ticket_id)["sla_due_at"]
    clock("2027-05-11T12:00:00Z")
    firm.stack.sql("update tickets set escalated_at = now() where id = %s", ticket_id)
    moved(firm.move(ticket_id, "NEEDS_CALLBACK"))
    ticket = row(firm, ticket_id)
    assert ticket["sla_due_at"] - first == 4 * HOUR
    assert ticket["escalated_at"] is None


# ---- appointments ------------------------------------------------------------------------------


def test_scheduled_takes_an_appointment(firm):
    ticket_id, (starts, ends) = opened(firm), slot()
    moved(firm.move(ticket_id, "SCHEDULED", starts_at=text(starts), ends_at=text(ends), who="Marco Müller"))
    (appointment,) = appointments(firm, ticket_id)
    assert (appointment["starts_at"], appointment["ends_at"], appointment["who"]) == (starts, ends, "Marco Müller")
    assert (appointment["customer_id"], appointment["cancelled_at"]) == (firm.id, None)
    (event,) = changes(firm, ticket_id)
    noted = event["metadata"]["appointment"]
    assert (noted["id"], noted["who"]) == (str(appointment["id"]), "Marco Müller")
    assert (utc(noted["starts_at"]), utc(noted["ends_at"])) == (starts, ends)


def test_an_appointment_lasts_an_hour_and_needs_nobody(firm):
    ticket_id, (starts, _) = opened(firm), slot()
    moved(firm.move(ticket_id, "SCHEDULED", starts_at=text(starts)))
    (appointment,) = appointments(firm, ticket_id)
    assert (appointment["ends_at"] - appointment["starts_at"], appointment["who"]) == (HOUR, None)


def test_scheduled_needs_no_appointment(firm):
    ticket_id = opened(firm)
    moved(firm.move(ticket_id, "SCHEDULED"))
    assert appointments(firm, ticket_id) == []


@pytest.mark.parametrize("instant, meant", [
    (f"{YEAR}-05-10T14:00:00+02:00", f"{YEAR}-05-10T12:00:00Z"), (f"{YEAR}-05-10t12:00:00z", f"{YEAR}-05-10T12:00:00Z"),
    (f"{YEAR}-05-10T12:00:00.250Z", f"{YEAR}-05-10T12:00:00.250Z"), (f"{YEAR}-04-30T23:30:00-08:00", f"{YEAR}-05-01T07:30:00Z"),
])
def test_an_instant_is_the_same_in_every_zone(firm, instant, meant):
    ticket_id = opened(firm)
    moved(firm.move(ticket_id, "SCHEDULED", starts_at=instant))
    (appointment,) = appointments(firm, ticket_id)
    assert appointment["starts_at"] == datetime.datetime.fromisoformat(meant.replace("Z", "+00:00"))


@pytest.mark.parametrize("instant", [
    "tomorrow", f"{YEAR}-05-10", f"{YEAR}-05-10 12:00", f"{YEAR}-05-10T12:00:00", f"{YEAR}-13-10T12:00:00Z", f"{YEAR}-05-32T12:00:00Z",
    "2027-02-29T12:00:00Z", f"{YEAR}-05-10T25:00:00Z", f"{YEAR}-05-10T12:00:00+25:00", "1715342400", "infinity", "now",
    f"{YEAR}-05-10T12:00:00Z'--",
])
@pytest.mark.parametrize("field", ["starts_at", "ends_at"])
def test_what_is_no_instant_is_refused(firm, instant, field):
    ticket_id = shared(firm)
    fields = {"starts_at": f"{YEAR}-05-10T12:00:00Z", field: instant}
    refused(firm.move(ticket_id, "SCHEDULED", **fields), "field-invalid", f"/{field}")
    assert row(firm, ticket_id)["status"] == "NEW"


untouched = {}


def shared(firm):
    """One ticket for all that is refused: it stays NEW."""
    if firm.slug not in untouched:
        untouched[firm.slug] = opened(firm)
    return untouched[firm.slug]


@pytest.mark.parametrize("starts, ends", [
    (f"{YEAR}-05-10T12:00:00Z", f"{YEAR}-05-10T11:59:59Z"), (f"{YEAR}-05-10T12:00:00Z", f"{YEAR}-05-10T12:00:00Z"),
    (f"{YEAR}-05-10T12:00:00Z", f"{YEAR}-05-10T13:00:00+02:00"), (f"{YEAR}-05-10T12:00:00Z", f"{YEAR}-06-10T12:00:01Z"),
])
def test_an_appointment_ends_after_it_starts(firm, starts, ends):
    ticket_id = shared(firm)
    refused(firm.move(ticket_id, "SCHEDULED", starts_at=starts, ends_at=ends), "field-invalid", "/ends_at")
    assert row(firm, ticket_id)["status"] == "NEW"


@pytest.mark.parametrize("days", [-36500, -2, 734, 36500])
def test_an_appointment_is_neither_long_ago_nor_far_away(firm, days):
    starts = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days)
    refused(firm.move(shared(firm), "SCHEDULED", starts_at=starts.isoformat()), "field-invalid", "/starts_at")
    assert row(firm, shared(firm))["status"] == "NEW"


@pytest.mark.parametrize("days", [-0.9, 700])
def test_an_appointment_may_be_noted_late_or_early(firm, days):
    starts = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days)
    moved(firm.move(opened(firm), "SCHEDULED", starts_at=starts.isoformat()))


@pytest.mark.parametrize("status", ["NEEDS_CALLBACK", "IN_PROGRESS", "DONE", "CLOSED"])
def test_only_scheduled_takes_an_appointment(firm, status):
    ticket_id = shared(firm)
    refused(firm.move(ticket_id, status, starts_at=f"{YEAR}-05-10T12:00:00Z"), "field-invalid", "/starts_at")
    assert row(firm, ticket_id)["status"] == "NEW"


def test_one_person_is_in_one_place(firm, other):
    first, second, third, theirs = (opened(f) for f in (firm, firm, firm, other))
    starts, ends = slot()
    moved(firm.move(first, "SCHEDULED", starts_at=text(starts), ends_at=text(ends), who="Marco"))
    inside = {"starts_at": text(starts + HOUR / 2), "ends_at": text(ends + HOUR / 2)}
    answer = firm.move(second, "SCHEDULED", who="Marco", **inside)
    refused(answer, "appointment-taken", "/starts_at")
    assert row(firm, second)["status"] == "NEW" and appointments(firm, second) == [] and changes(firm, second) == []
    # somebody else, right afterwards, nobody, and another firm's Marco can go
    moved(firm.move(second, "SCHEDULED", who="Anna", **inside))
    moved(firm.move(third, "SCHEDULED", who="Marco", starts_at=text(ends), ends_at=text(ends + HOUR / 2)))
    moved(other.move(theirs, "SCHEDULED", who="Marco", **inside))
    nobody = [opened(firm) for _ in range(2)]
    for ticket_id in nobody:
        moved(firm.move(ticket_id, "SCHEDULED", **inside))


@pytest.mark.parametrize("round_", range(ROUNDS))
def test_of_parallel_appointments_of_one_person_one_is_made(firm, round_):
    tickets = [opened(firm) for _ in range(6)]
    starts, _ = slot()
    firm.token

    def move(ticket_id):
        body = {"ticket_id": ticket_id, "status": "SCHEDULED", "starts_at": text(starts), "who": f"Marco {round_}"}
        return requests.post(firm.stack.base + PATH, json=body, headers={"Authorization": f"Bearer {firm.token}"}, timeout=30)

    with concurrent.futures.ThreadPoolExecutor(len(tickets)) as pool:
        answers = list(pool.map(move, tickets))
    assert sorted(a.status_code for a in answers) == [200] + [409] * 5
    for answer in answers:
        if answer.status_code == 409:
            refused(answer, "appointment-taken", "/starts_at")


def test_another_appointment_takes_the_place_of_the_first(firm):
    ticket_id, free = opened(firm), opened(firm)
    (starts, ends), (later, _) = slot(), slot()
    moved(firm.move(ticket_id, "SCHEDULED", starts_at=text(starts), ends_at=text(ends), who="Marco"))
    # the same person at an hour that overlaps the old one
    moved(firm.move(ticket_id, "SCHEDULED", starts_at=text(starts + HOUR / 2), who="Marco", old_status="SCHEDULED"))
    moved(firm.move(ticket_id, "SCHEDULED", starts_at=text(later), who="Marco"))
    made = appointments(firm, ticket_id)
    assert [a["cancelled_at"] is None for a in made] == [False, False, True]
    moved(firm.move(free, "SCHEDULED", starts_at=text(starts), ends_at=text(ends), who="Marco"))


@pytest.mark.parametrize("status, kept", [("NEEDS_CALLBACK", False), ("DONE", False), ("CLOSED", False), ("IN_PROGRESS", True)])
def test_an_appointment_ends_with_its_reason(firm, status, kept):
    ticket_id, (starts, _) = opened(firm), slot()
    moved(firm.move(ticket_id, "SCHEDULED", starts_at=text(starts), who="Marco"))
    moved(firm.move(ticket_id, status))
    (appointment,) = appointments(firm, ticket_id)
    assert (appointment["cancelled_at"] is None) == kept


def test_a_long_name_is_refused(firm):
    ticket_id = shared(firm)
    answer = firm.move(ticket_id, "SCHEDULED", starts_at=f"{YEAR}-05-10T12:00:00Z", who="ü" * 81)
    refused(answer, "field-too-long", "/who")


# ---- who may, and what is missing --------------------------------------------------------------


@pytest.mark.parametrize("headers", [
    {}, {"Authorization": ""}, {"Authorization": "Bearer"}, {"Authorization": "Bearer nonsense"},
    {"Authorization": "Basic b3BzOmZhYnJpYw=="}, {"Authorization": "Bearer ofk_" + "0" * 40},
])
def test_without_a_token_nothing_moves(firm, headers):
    ticket_id = shared(firm)
    for body in ({"ticket_id": ticket_id, "status": "DONE"}, {}, None):
        answer = firm.stack.post(PATH, body, headers={"Content-Type": "application/json", **headers}) if body is None \
            else firm.stack.post(PATH, body, headers=headers)
        if body is None and answer.status_code == 411:
            continue
        refused(answer, "unauthorized")
        assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert row(firm, ticket_id)["status"] == "NEW"


def test_the_cron_secret_is_no_token(firm):
    answer = firm.stack.post(PATH, {"ticket_id": shared(firm), "status": "DONE"}, token=firm.stack.env["CRON_SECRET"])
    refused(answer, "unauthorized")


def test_a_firm_that_is_not_served_moves_nothing(stack):
    gone = stack.tenant()
    ticket_id, token = opened(gone), gone.token
    stack.command("tenant", "deactivate", gone.slug)
    refused(stack.post(PATH, {"ticket_id": ticket_id, "status": "DONE"}, token=token), "unauthorized")
    assert row(gone, ticket_id)["status"] == "NEW"


def test_a_token_of_another_scope_is_none(stack):
    firm = stack.tenant()
    ticket_id, token = opened(firm), firm.token
    stack.sql("update tokens set scope = 'calendar' where customer_id = %s", firm.id)
    refused(stack.post(PATH, {"ticket_id": ticket_id, "status": "DONE"}, token=token), "unauthorized")
    assert firm.ticket(token=token).status_code == 401
    assert row(firm, ticket_id)["status"] == "NEW"


def test_the_token_is_asked_for_before_the_body_is_looked_at(stack):
    answer = stack.request("POST", PATH, data=b"\xff" * 20000, headers={"Content-Type": "text/plain"})
    refused(answer, "unauthorized")


@pytest.mark.parametrize("says", [True, False], ids=["with old_status", "without"])
def test_another_firms_ticket_is_unknown(firm, other, says):
    ticket_id = shared(firm)
    fields = {"old_status": "NEW"} if says else {}
    refused(other.move(ticket_id, "DONE", **fields), "ticket-unknown", "/ticket_id")
    refused(other.move(uuid.uuid4(), "DONE", **fields), "ticket-unknown", "/ticket_id")
    assert row(firm, ticket_id)["status"] == "NEW"


@pytest.mark.parametrize("body, slug, pointer", [
    ({}, "field-missing", "/ticket_id"),
    ({"status": "DONE"}, "field-missing", "/ticket_id"),
    ({"ticket_id": "ID"}, "field-missing", "/status"),
    ({"ticket_id": "ID", "status": ""}, "field-missing", "/status"),
    ({"ticket_id": "ID", "status": None}, "field-missing", "/status"),
    ({"ticket_id": "ID", "status": "FINISHED"}, "field-invalid", "/status"),
    ({"ticket_id": "ID", "status": "done"}, "field-invalid", "/status"),
    ({"ticket_id": "ID", "status": "DONE", "old_status": "OLD"}, "field-invalid", "/old_status"),
    ({"ticket_id": "ID", "status": "X" * 21}, "field-too-long", "/status"),
    ({"ticket_id": "not-an-id", "status": "DONE"}, "field-invalid", "/ticket_id"),
    ({"ticket_id": "1", "status": "DONE"}, "field-invalid", "/ticket_id"),
    ({"ticket_id": "0" * 37, "status": "DONE"}, "field-too-long", "/ticket_id"),
    ({"ticket_id": "g" * 36, "status": "DONE"}, "field-invalid", "/ticket_id"),
])
def test_what_is_no_move_is_refused(firm, body, slug, pointer):
    ticket_id = shared(firm)
    body = {k: ticket_id if v == "ID" else v for k, v in body.items()}
    refused(firm.stack.post(PATH, body, token=firm.token), slug, pointer)
    assert row(firm, ticket_id)["status"] == "NEW"


def test_an_id_in_capitals_is_the_same(firm):
    ticket_id = opened(firm)
    assert moved(firm.move(ticket_id.upper(), "DONE"))["status"] == "DONE"
    assert row(firm, ticket_id)["status"] == "DONE"


def test_a_form_moves_as_well(firm):
    ticket_id = opened(firm)
    answer = firm.stack.post(PATH, form={"ticket_id": ticket_id, "status": "DONE", "old_status": "NEW"}, token=firm.token)
    assert moved(answer)["status"] == "DONE"


# ---- what the contact is told ------------------------------------------------------------------


def told(firm, phone):
    return [m for m in firm.outbound(phone) if (m["template"] or "").startswith("status_")]


@pytest.mark.parametrize("status", ["NEEDS_CALLBACK", "SCHEDULED", "IN_PROGRESS", "DONE", "CLOSED"])
def test_a_firm_that_does_not_want_it_tells_nobody(firm, status):
    phone = mobile()
    ticket_id = opened(firm, phone)
    fields = {"starts_at": text(slot()[0])} if status == "SCHEDULED" else {}
    assert moved(firm.move(ticket_id, status, **fields))["message"] == "none"
    assert told(firm, phone) == []


@pytest.mark.parametrize("language, status, words", [
    ("de", "NEEDS_CALLBACK", "Wir rufen Sie zu Ihrer Anfrage an."),
    ("de", "IN_PROGRESS", "Wir haben mit Ihrem Auftrag begonnen."),
    ("de", "DONE", "Ihr Auftrag ist erledigt."),
    ("fr", "DONE", "Le travail est terminé."), ("it", "DONE", "Il lavoro "), ("en", "DONE", "The work is done."),
])
def test_the_contact_is_told_in_its_language(talker, language, status, words):
    phone = mobile()
    ticket_id = opened(talker, phone, language=language)
    assert moved(talker.move(ticket_id, status))["message"] == "queued"
    (message,) = told(talker, phone)
    assert (message["template"], message["from_number"]) == (f"status_{status.lower()}", talker.sms_number)
    assert message["body"].startswith("Muster Haustechnik AG: " + words), message["body"]
    line = wait_for(
        lambda: [m for m in talker.stack.messages(phone) if m["body"] == message["body"]], what="the status message")
    assert len(line) == 1


@pytest.mark.parametrize("zone, starts, words", [
    ("Europe/Zurich", "2027-07-21T12:00:00Z", "am Mittwoch, 21. Juli um 14:00"),
    ("Europe/Zurich", "2027-12-01T12:30:00Z", "am Mittwoch, 1. Dezember um 13:30"),
    ("America/New_York", "2027-07-21T02:00:00Z", "am Dienstag, 20. Juli um 22:00"),
])
def test_an_appointment_is_told_in_the_firms_time(stack, talker, clock, zone, starts, words):
    clock("2027-05-11T08:00:00Z")
    firm = talker
    if zone != "Europe/Zurich":
        firm = stack.tenant(timezone=zone, config={"language": "de", "languages": ["de"], "status_messages": True})
    phone = mobile()
    ticket_id = opened(firm, phone)
    assert moved(firm.move(ticket_id, "SCHEDULED", starts_at=starts))["message"] == "queued"
    (message,) = told(firm, phone)
    assert words in message["body"], message["body"]
    assert zoneinfo.ZoneInfo(zone) is not None


def test_an_appointment_without_its_hour_is_not_told(talker):
    phone = mobile()
    assert moved(talker.move(opened(talker, phone), "SCHEDULED"))["message"] == "none"
    assert told(talker, phone) == []


@pytest.mark.parametrize("starts, message, useful", [
    ("2027-07-14T10:00:00Z", "none", None),             # noted late
    ("2027-07-15T04:30:00Z", "none", None),             # at half past six, when people sleep
    ("2027-07-15T05:30:00Z", "deferred", 0.5),
    ("2027-07-19T08:00:00Z", "deferred", 24),
])
def test_an_appointment_is_told_before_it_begins_or_not_at_all(stack, clock, starts, message, useful):
    firm = stack.tenant(quiet_hours_start="21:00", quiet_hours_end="07:00", config={"language": "de", "status_messages": True})
    phone = mobile()
    clock("2027-07-14T23:30:00+02:00")
    assert moved(firm.move(opened(firm, phone), "SCHEDULED", starts_at=starts))["message"] == message
    assert [m["expires_at"] - m["not_before"] for m in told(firm, phone)] == ([] if useful is None else [useful * HOUR])


def test_closing_is_not_told(talker):
    phone = mobile()
    assert moved(talker.move(opened(talker, phone), "CLOSED"))["message"] == "none"
    assert told(talker, phone) == []


@pytest.mark.parametrize("phone, reason", [
    (landline, "not_mobile"), (lambda: "+447400" + mobile()[-6:], "destination"),
])
def test_who_cannot_be_told_is_moved_all_the_same(talker, phone, reason):
    phone = phone()
    ticket_id = opened(talker, phone)
    assert moved(talker.move(ticket_id, "DONE"))["message"] == "suppressed"
    (message,) = told(talker, phone)
    assert (message["status"], message["reason"]) == ("suppressed", reason)


def test_the_islands_on_plus_one_are_no_destination_after_the_ticket_either(stack):
    countries = {"language": "en", "languages": ["en"], "status_messages": True, "sms": {"countries": ["+41", "+1"]}}
    firm = stack.tenant(config=countries)
    digits = mobile()[-4:]
    for phone, message in ((f"+1212234{digits}", "queued"), (f"+1876210{digits}", "suppressed")):
        ticket_id = opened(firm, phone)
        assert moved(firm.move(ticket_id, "DONE"))["message"] == message
        (row,) = told(firm, phone)
        assert row["reason"] == (None if message == "queued" else "destination")


def test_who_has_no_number_is_moved_all_the_same(talker):
    body = {"customer_slug": talker.slug, "contact_email": f"{uuid.uuid4().hex}@muster.example"}
    ticket_id = talker.stack.post("/api/ticket", body).json()["ticket_id"]
    assert moved(talker.move(ticket_id, "DONE"))["message"] == "suppressed"
    assert row(talker, ticket_id)["status"] == "DONE"


def test_who_sent_stop_is_not_told(talker):
    phone = mobile()
    ticket_id = opened(talker, phone)
    assert talker.text(phone, "STOP").status_code == 200
    assert moved(talker.move(ticket_id, "DONE"))["message"] == "suppressed"
    (message,) = told(talker, phone)
    assert (message["status"], message["reason"]) == ("suppressed", "opted_out")


@pytest.mark.parametrize("moves, speaks", [
    (["NEEDS_CALLBACK"], False), (["SCHEDULED"], True), (["SCHEDULED", "IN_PROGRESS", "DONE"], True), (["CLOSED"], True),
])
def test_who_was_helped_at_night_is_not_told_in_the_morning_that_the_call_was_missed(stack, clock, moves, speaks):
    firm = stack.tenant(quiet_hours_start="21:00", quiet_hours_end="07:00")
    caller = mobile()
    clock("2027-07-14T23:30:00+02:00")
    ticket_id = firm.missed_call(caller).json()["ticket_id"]
    clock("2027-07-15T00:10:00+02:00")
    for status in moves:
        assert firm.move(ticket_id, status).status_code == 200
    (row,) = firm.outbound(caller)
    assert (row["status"], row["reason"]) == (("suppressed", "withdrawn") if speaks else ("queued", None))
    clock("2027-07-15T07:00:01+02:00")
    if not speaks:
        assert len(stack.wait_messages(caller)) == 1
        return
    # The next missed call is answered again.
    assert firm.missed_call(caller).json()["status"] == "queued"
    assert [m["body"] for m in stack.wait_messages(caller)] == [row["body"]]


@pytest.mark.parametrize("status, speaks", [("NEEDS_CALLBACK", False), ("SCHEDULED", True), ("CLOSED", True)])
def test_who_was_helped_at_night_is_not_promised_a_call_in_the_morning(stack, clock, status, speaks):
    firm = stack.tenant(quiet_hours_start="21:00", quiet_hours_end="07:00")
    phone = mobile()
    clock("2027-07-14T23:30:00+02:00")
    ticket_id = opened(firm, phone)
    moved(firm.move(ticket_id, status))
    (confirmation,) = firm.outbound(phone)
    assert confirmation["template"] == "ticket_confirmation"
    assert (confirmation["status"], confirmation["reason"]) == (("suppressed", "withdrawn") if speaks else ("queued", None))


@pytest.mark.parametrize("status, again", [("DONE", "2027-07-14T23:50:00+02:00"), ("SCHEDULED", "2027-07-15T06:45:00+02:00")])
def test_who_asks_again_after_a_confirmation_was_withdrawn_gets_one(stack, clock, status, again):
    firm = stack.tenant(quiet_hours_start="21:00", quiet_hours_end="07:00")
    phone = mobile()
    clock("2027-07-14T23:30:00+02:00" if status == "DONE" else "2027-07-15T01:00:00+02:00")
    ticket_id = opened(firm, phone)
    moved(firm.move(ticket_id, status))
    clock(again)
    answer = firm.ticket(phone).json()
    assert (answer["ticket_id"], answer["confirmation"]) == (ticket_id, "deferred")
    waiting = [m["status"] for m in firm.outbound(phone) if m["template"] == "ticket_confirmation"]
    assert sorted(waiting) == ["queued", "suppressed"]


MONDAY = {"starts_at": "2027-07-19T08:00:00Z"}
TUESDAY = {"starts_at": "2027-07-20T08:00:00Z"}


@pytest.mark.parametrize("moves, words", [
    ([("SCHEDULED", MONDAY), ("SCHEDULED", TUESDAY)], ["am Dienstag, 20. Juli um 10:00"]),
    ([("SCHEDULED", MONDAY), ("SCHEDULED", {})], ["am Montag, 19. Juli um 10:00"]),
    ([("SCHEDULED", MONDAY), ("CLOSED", {})], []),
    ([("IN_PROGRESS", {}), ("DONE", {})], ["Ihr Auftrag ist erledigt."]),
    ([("DONE", {}), ("1", {})], []),
    ([("DONE", {}), ("CLOSED", {})], ["Ihr Auftrag ist erledigt."]),
])
def test_what_was_overtaken_at_night_is_not_told_in_the_morning(stack, clock, moves, words):
    firm = stack.tenant(quiet_hours_start="21:00", quiet_hours_end="07:00", config={"language": "de", "status_messages": True})
    phone = mobile()
    clock("2027-07-14T23:30:00+02:00")
    ticket_id = opened(firm, phone)
    for status, fields in moves:
        answer = firm.text(phone, status) if status == "1" else firm.move(ticket_id, status, **fields)
        assert answer.status_code == 200, answer.text
    clock("2027-07-15T07:00:01+02:00")
    wait_for(lambda: all(m["status"] in ("sent", "suppressed") for m in told(firm, phone)))
    left = [m["body"] for m in told(firm, phone) if m["status"] == "sent"]
    assert len(left) == len(words) and all(w in b for w, b in zip(words, left)), left
    assert {m["reason"] for m in told(firm, phone) if m["status"] == "suppressed"} <= {"withdrawn"}


def test_at_night_the_message_waits(stack, clock):
    firm = stack.tenant(
        quiet_hours_start="21:00", quiet_hours_end="07:00",
        config={"language": "de", "languages": ["de"], "status_messages": True},
    )
    phone = mobile()
    clock("2027-07-14T21:30:00Z")
    ticket_id = opened(firm, phone)
    assert moved(firm.move(ticket_id, "DONE"))["message"] == "deferred"
    (message,) = told(firm, phone)
    assert (message["status"], message["not_before"]) == ("queued", utc("2027-07-15T05:00:00Z"))
