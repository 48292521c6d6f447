"""opsfabric inbound: what was not believed or is nobody's is looked at, and taken once or forgotten"""

import concurrent.futures
import json
import urllib.parse
import uuid

import pytest

from tests.support.stack import landline, mobile, wait_for

CALL = "/api/webhook/missed-call"
TEXT = "/api/webhook/sms-reply"


@pytest.fixture(scope="module")
def firm(stack):
    """Known by a token of its own: who does not show it is not believed about it."""
    made = stack.tenant(daily_segments=100000)
    made.webhook = json.loads(stack.command("token", "create", made.slug, "--scope", "webhook", "--json").stdout)["token"]
    return made


def call(firm, **fields):
    form = {"from": mobile(), "to": firm.phone, "status": "busy", "call_id": uuid.uuid4().hex}
    form.update(fields)
    return form


def row_of(stack, needle):
    return stack.one("select * from inbound_events where customer_id is null and strpos(raw, %s) > 0", needle)


def quarantined(firm, form=None, path=CALL + "/generic"):
    """A call that was not believed, and the id of what was kept of it."""
    form = form or call(firm)
    assert firm.stack.post(path, form=form).status_code == 403
    return form, str(row_of(firm.stack, form["from"])["id"])


def unmatched(stack, **fields):
    """A verified call to a number that is nobody's: in development everybody is believed about those."""
    form = {"from": mobile(), "to": landline(), "status": "busy", "call_id": uuid.uuid4().hex, **fields}
    assert stack.post(CALL, form=form).status_code == 404
    return form, str(row_of(stack, form["from"])["id"])


def release(stack, *args, check=True):
    return stack.command("inbound", "release", *args, "--json", check=check)


def released(stack, *args):
    out = json.loads(release(stack, *args).stdout)
    assert out["settled"] == "released" and out["id"] == args[0]
    return out["answer"]


# ---- looking ----------------------------------------------------------------------------------


def test_a_list_has_what_happened_and_no_numbers(firm):
    form, row = quarantined(firm)
    out = firm.stack.command("inbound", "list").stdout
    (line,) = [x for x in out.splitlines() if row in x]
    for word in ("missed-call", "generic", "no_credential", "127.0.0.1"):
        assert word in line
    assert form["from"] not in out and form["to"] not in out
    listed = json.loads(firm.stack.command("inbound", "list", "--json", "--limit", "1000").stdout)
    assert any(row in json.dumps(v) for v in listed.values())


def test_a_list_comes_in_pages(firm):
    ids = [quarantined(firm)[1] for _ in range(3)]
    seen, after = [], ()
    for _ in range(3):
        page = json.loads(firm.stack.command("inbound", "list", "--json", "--limit", "1", *after).stdout)
        (rows,) = [v for v in page.values() if isinstance(v, list)]
        seen.append(rows[0]["id"])
        after = ("--after", rows[0]["id"])
    assert seen == ids[::-1]


def test_a_list_by_reason(firm):
    _, unbelieved = quarantined(firm)
    _, nobodys = unmatched(firm.stack)
    only = firm.stack.command("inbound", "list", "--why", "unmatched").stdout
    assert nobodys in only and unbelieved not in only
    only = firm.stack.command("inbound", "list", "--why", "no_credential").stdout
    assert unbelieved in only and nobodys not in only


def test_one_is_shown_with_what_was_sent_when_asked(firm):
    form, row = quarantined(firm)
    assert form["from"] not in firm.stack.command("inbound", "show", row).stdout
    shown = firm.stack.command("inbound", "show", row, "--full").stdout
    assert form["from"] in shown and "no_credential" in shown
    as_json = json.loads(firm.stack.command("inbound", "show", row, "--full", "--json").stdout)
    assert (as_json["kind"], as_json["dialect"], as_json["method"], as_json["settled"]) == ("missed-call", "generic", "POST", None)


@pytest.mark.parametrize("args, code", [
    (("show", "x"), 2), (("release", "x"), 2), (("discard", "x"), 2), (("discard",), 2), (("discard", "--before", "yesterday"), 2),
    (("list", "--after", "x"), 2), (("show", str(uuid.uuid4())), 3), (("release", str(uuid.uuid4())), 3), (("discard", str(uuid.uuid4())), 3),
    (("discard", str(uuid.uuid4()), "--before", "2026-01-01T00:00:00Z"), 2),
])
def test_what_is_wrong_or_not_there(stack, args, code):
    assert stack.command("inbound", *args, check=False).returncode == code


# ---- releasing --------------------------------------------------------------------------------


def test_a_released_call_is_a_ticket_and_a_text(firm):
    form, row = quarantined(firm)
    assert firm.tickets(form["from"]) == []
    answer = released(firm.stack, row)
    (ticket,) = firm.tickets(form["from"])
    assert answer["status"] == "queued" and answer["ticket_id"] == str(ticket["id"])
    wait_for(lambda: firm.stack.messages(form["from"]), what="the text to the caller")
    kept = firm.stack.one("select settled, released_at, answer from inbound_events where id = %s", row)
    assert kept["settled"] == "released" and kept["released_at"] is not None and kept["answer"] == answer
    assert row not in firm.stack.command("inbound", "list").stdout
    assert row in firm.stack.command("inbound", "list", "--all").stdout


def test_released_twice_is_taken_once(firm):
    form, row = quarantined(firm)
    assert released(firm.stack, row) == released(firm.stack, row) and len(firm.tickets(form["from"])) == 1
    (ticket,) = firm.tickets(form["from"])
    assert [e["event_type"] for e in firm.events(ticket["id"])].count("updated") == 0


def test_the_senders_own_repetition_after_a_release_gets_its_answer(firm):
    form, row = quarantined(firm)
    answer = released(firm.stack, row)
    again = firm.stack.post(f"{CALL}/generic/{firm.webhook}", form=form)
    assert again.status_code == 200 and again.json() == answer
    assert len(firm.tickets(form["from"])) == 1 and len(firm.outbound(form["from"])) == 1


def test_a_release_after_the_senders_own_repetition_does_nothing_more(firm):
    form, row = quarantined(firm)
    first = firm.stack.post(f"{CALL}/generic/{firm.webhook}", form=form).json()
    assert released(firm.stack, row) == first
    (ticket,) = firm.tickets(form["from"])
    assert [e["event_type"] for e in firm.events(ticket["id"])].count("updated") == 0


def test_releases_and_repetitions_at_once_are_one_ticket(firm):
    form, row = quarantined(firm)

    def again():
        answer = firm.stack.post(f"{CALL}/generic/{firm.webhook}", form=form)
        assert answer.status_code == 200
        return answer.json()

    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        both = [pool.submit(released, firm.stack, row) for _ in range(6)] + [pool.submit(again) for _ in range(20)]
        answers = [f.result() for f in both]
    assert all(a == answers[0] for a in answers)
    (ticket,) = firm.tickets(form["from"])
    assert [e["event_type"] for e in firm.events(ticket["id"]) if e["event_type"] in ("created", "updated")] == ["created"]
    wait_for(lambda: firm.stack.messages(form["from"]), what="the text to the caller")
    assert len(firm.outbound(form["from"])) == 1


@pytest.mark.parametrize("is_taken", [False, True])
def test_a_release_that_was_killed_is_finished_by_another(firm, is_taken):
    """Before it was taken, and after: between the claim and the note of what was decided."""
    form, row = quarantined(firm)
    if is_taken:
        released(firm.stack, row)
    firm.stack.sql("update inbound_events set settled = 'releasing', answer = null, released_at = null where id = %s", row)
    assert firm.stack.command("inbound", "discard", row, check=False).returncode == 1
    assert released(firm.stack, row)["status"] == "queued"
    (ticket,) = firm.tickets(form["from"])
    assert [e["event_type"] for e in firm.events(ticket["id"])].count("updated") == 0 and len(firm.outbound(form["from"])) == 1


def test_an_event_without_an_id_is_still_the_same_one(firm):
    form, row = quarantined(firm, call(firm, call_id=""))
    assert released(firm.stack, row) == released(firm.stack, row)
    (event,) = firm.stack.sql("select event_id from inbound_events where customer_id = %s and strpos(raw, %s) > 0", firm.id, form["from"])
    assert event["event_id"] == json.loads(firm.stack.one("select raw from inbound_events where id = %s", row)["raw"])["id"]


def test_what_was_not_missed_is_ignored_as_the_route_would(firm):
    form, row = quarantined(firm, call(firm, status="completed"))
    assert released(firm.stack, row)["status"] == "ignored" and firm.tickets(form["from"]) == []


@pytest.mark.parametrize("dialect", ["twilio", "ecall", "kannel", "generic"])
def test_a_released_text_is_what_it_was(firm, dialect):
    sender, text = mobile(), "1 – Wasser läuft für über 20 €"
    fields = {"From": sender, "To": firm.sms_number, "Body": text, "MessageSid": "SM" + uuid.uuid4().hex, "AccountSid": "AC1"}
    if dialect == "ecall":
        fields = {"AddressFrom": "00" + sender[1:], "AddressTo": "00" + firm.sms_number[1:], "Message": text, "TimeStamp": "26.11.2026 10:00:00"}
    if dialect in ("kannel", "generic"):
        fields = {"from": sender, "to": firm.sms_number, "text": text, "id": uuid.uuid4().hex}
    query = urllib.parse.urlencode(fields, encoding="cp1252" if dialect == "ecall" else "utf-8")
    assert firm.stack.get(f"{TEXT}/{dialect}?{query}").status_code == 403
    row = str(row_of(firm.stack, sender[1:])["id"])
    assert released(firm.stack, row)["meaning"] == "urgent"
    assert firm.stack.get(f"{TEXT}/{dialect}/{firm.webhook}?{query}").status_code == 200
    (ticket,) = firm.tickets(sender)
    assert ticket["urgency"] == "HIGH"
    rows = firm.stack.sql("select body from sms_log where customer_id = %s and direction = 'inbound' and from_number = %s", firm.id, sender)
    assert [r["body"] for r in rows] == [text]


def test_events_of_one_call_decide_it_also_when_released(firm):
    """sipgate's answer was not believed; its hangup was, with the right token, and made a ticket."""
    caller, sid = mobile(), uuid.uuid4().hex
    both = {"from": caller[1:], "to": firm.phone[1:], "direction": "in", "callId": sid}
    assert firm.stack.post(CALL + "/sipgate", form={**both, "event": "hangup", "cause": "busy"}).status_code == 403
    row = str(row_of(firm.stack, sid)["id"])
    assert firm.stack.post(f"{CALL}/sipgate/{firm.webhook}", form={**both, "event": "answer"}).status_code == 200
    assert released(firm.stack, row)["status"] == "ignored" and firm.tickets(caller) == []


def test_all_calls_of_a_request_are_released(firm):
    callers = [mobile() for _ in range(3)]
    body = {"action": "notify", "owner": {}, "calls": [
        {"callId": uuid.uuid4().hex, "state": "terminated", "direction": "incoming", "remoteParty": {"identifier": c}} for c in callers]}
    assert firm.stack.post(CALL + "/peoplefone", body).status_code == 404
    row = str(row_of(firm.stack, callers[0])["id"])
    released(firm.stack, row, "--tenant", firm.slug)
    assert [len(firm.tickets(c)) for c in callers] == [1, 1, 1]


# ---- numbers that are nobody's ------------------------------------------------------------------


def test_an_unmatched_call_needs_to_be_told_whose_it_is(firm):
    form, row = unmatched(firm.stack)
    out = release(firm.stack, row, check=False)
    assert out.returncode == 1 and "--tenant" in out.stderr
    assert firm.stack.one("select settled from inbound_events where id = %s", row)["settled"] is None
    assert released(firm.stack, row, "--tenant", firm.slug)["status"] == "queued"
    assert len(firm.tickets(form["from"])) == 1


def test_an_unknown_firm_is_not_found_and_nothing_is_settled(firm):
    _, row = unmatched(firm.stack)
    assert release(firm.stack, row, "--tenant", "nobody-at-all", check=False).returncode == 3
    assert firm.stack.one("select settled from inbound_events where id = %s", row)["settled"] is None


def test_a_call_to_a_firms_number_goes_to_no_other(firm):
    form, row = quarantined(firm)
    other = firm.stack.tenant()
    out = release(firm.stack, row, "--tenant", other.slug, check=False)
    assert out.returncode == 1 and firm.slug in out.stderr and other.tickets() == [] and firm.tickets(form["from"]) == []
    assert released(firm.stack, row, "--tenant", firm.slug)["status"] == "queued"


def test_once_the_number_is_somebodys_nothing_has_to_be_told(stack):
    form, row = unmatched(stack)
    new = stack.tenant(phone=form["to"])
    assert released(stack, row)["status"] == "queued" and len(new.tickets(form["from"])) == 1


# ---- discarding -----------------------------------------------------------------------------------


def test_what_is_discarded_is_forgotten(firm):
    form, row = quarantined(firm)
    for _ in range(2):
        assert firm.stack.command("inbound", "discard", row).returncode == 0
    kept = firm.stack.one("select settled, raw from inbound_events where id = %s", row)
    assert (kept["settled"], kept["raw"]) == ("discarded", None)
    out = release(firm.stack, row, check=False)
    assert out.returncode == 1 and firm.tickets(form["from"]) == []
    assert firm.stack.command("inbound", "show", row).returncode == 0
    # nor does the same forgery come back on the same day
    assert firm.stack.post(CALL + "/generic", form=form).status_code == 403
    assert firm.stack.sql("select 1 from inbound_events where customer_id is null and strpos(raw, %s) > 0", form["from"]) == []


def test_what_is_released_is_not_discarded(firm):
    _, row = quarantined(firm)
    released(firm.stack, row)
    assert firm.stack.command("inbound", "discard", row, check=False).returncode == 1
    assert firm.stack.one("select settled from inbound_events where id = %s", row)["settled"] == "released"


def test_all_that_were_not_believed_before_an_instant(firm, clock):
    clock("2030-01-07T10:00:00+01:00")
    rows = [quarantined(firm)[1] for _ in range(2)]
    _, nobodys = unmatched(firm.stack)
    clock("2030-01-07T11:00:00+01:00")
    _, later = quarantined(firm)
    out = firm.stack.command("inbound", "discard", "--before", "2030-01-07T10:30:00+01:00", "--json")
    assert json.loads(out.stdout)["discarded"] >= 2
    settled = {str(r["id"]): r["settled"] for r in firm.stack.sql("select id, settled from inbound_events where customer_id is null")}
    assert [settled[r] for r in rows] == ["discarded"] * 2 and settled[nobodys] is None and settled[later] is None


def test_what_was_not_kept_whole_cannot_be_released(firm):
    form, row = quarantined(firm, call(firm, noise="x" * 20_000))
    out = release(firm.stack, row, check=False)
    assert out.returncode == 1 and "too large" in out.stderr and firm.tickets(form["from"]) == []
    assert form["from"] in firm.stack.command("inbound", "show", row, "--full").stdout
