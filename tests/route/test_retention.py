"""POST /api/cron/retention: what is done is closed, and what was kept long enough is forgotten, not a day before"""

import concurrent.futures
import datetime
import json
import pathlib
import uuid

import pytest

from tests.support.pictures import Pictures, form_of
from tests.support.stack import mobile, wait_for

PATH = "/api/cron/retention"
BEGIN = datetime.datetime.fromisoformat("2026-12-01T10:00:00+01:00")
NOTHING = "from_number is null and to_number is null and body = '' and error is null and provider_id is null"


def run(stack):
    answer = stack.cron(PATH)
    assert answer.status_code == 200, answer.text
    return answer.json()


def until_finished(stack):
    wait_for(lambda: run(stack)["finished"], seconds=120, what="a run that finishes")


@pytest.fixture
def cron(stack, clock):
    """Runs so many days after BEGIN, at which the test begins."""
    def at(days):
        clock((BEGIN + datetime.timedelta(days=days)).isoformat())
        until_finished(stack)

    clock(BEGIN.isoformat())
    return at


def left(firm, phone, count=1):
    """Its messages have left: none is on its way when the clock moves."""
    wait_for(lambda: all(m["status"] in ("sent", "delivered", "suppressed") for m in firm.outbound(phone)), what="its messages")
    return wait_for(lambda: firm.stack.messages(phone), what="a message") if count else []


def status_of(firm, ticket_id):
    return firm.stack.one("select * from tickets where id = %s", str(ticket_id))


# ---- who may call -------------------------------------------------------------------------------


@pytest.mark.parametrize("authorization", [None, "Bearer", "Bearer wrong", "Basic {secret}"])
def test_without_the_secret_nothing_happens(stack, authorization):
    headers = {} if authorization is None else {"Authorization": authorization.format(secret=stack.env["CRON_SECRET"])}
    assert stack.request("POST", PATH, headers=headers).status_code == 401


def test_only_post_and_it_is_seen_by_doctor(stack):
    headers = {"Authorization": f"Bearer {stack.env['CRON_SECRET']}"}
    assert stack.request("GET", PATH, headers=headers).status_code == 405
    run(stack)
    assert "retention last succeeded 0 min ago" in stack.command("doctor", check=False).stdout


# ---- DONE becomes CLOSED ------------------------------------------------------------------------


def test_done_becomes_closed_after_thirty_days(tenant, cron):
    stack, phone = tenant.stack, mobile()
    ticket = tenant.ticket(phone, summary="Der Boiler tropft.").json()["ticket_id"]
    assert tenant.move(ticket, "DONE").status_code == 200
    left(tenant, phone)
    stack.sql("update tickets set review_due_at = null where id = %s", ticket)
    cron(29.9)
    assert status_of(tenant, ticket)["status"] == "DONE"
    cron(30.1)
    row = status_of(tenant, ticket)
    assert (row["status"], row["summary"], row["erased_at"]) == ("CLOSED", "Der Boiler tropft.", None)
    event = tenant.events(ticket)[-1]
    assert (event["event_type"], event["old_value"], event["new_value"]) == ("status_changed", "DONE", "CLOSED")
    assert event["metadata"] == {"actor": "retention"}
    cron(30.2)
    assert [e["new_value"] for e in tenant.events(ticket)].count("CLOSED") == 1
    # CLOSED is final: the next call opens a new one
    assert tenant.ticket(phone).json()["dedupe_matched"] is False


def test_what_nobody_has_read_and_who_is_still_to_be_asked_waits(tenant, cron, clock):
    unread, asked = mobile(), mobile()
    first, second = (tenant.ticket(phone).json()["ticket_id"] for phone in (unread, asked))
    for ticket in (first, second):
        assert tenant.move(ticket, "DONE").status_code == 200
    left(tenant, unread)
    clock((BEGIN + datetime.timedelta(days=5)).isoformat())
    assert tenant.text(unread, "Es tropft schon wieder ein wenig").status_code == 200
    tenant.stack.sql("update tickets set review_due_at = %s where id = %s", BEGIN + datetime.timedelta(days=10), second)
    cron(31)
    assert {status_of(tenant, t)["status"] for t in (first, second)} == {"DONE"}
    cron(41)
    assert [status_of(tenant, t)["status"] for t in (first, second)] == ["CLOSED", "CLOSED"]


# ---- each has its time --------------------------------------------------------------------------


def keys_of(tenant, key):
    return tenant.stack.sql("select * from inbound_events where customer_id = %s and event_id = %s", tenant.id, key)


def test_keys_and_requests_have_their_days(tenant, cron):
    stack, phone, key, call = tenant.stack, mobile(), uuid.uuid4().hex, uuid.uuid4().hex
    tenant.ticket(phone, headers={"Idempotency-Key": key})
    tenant.missed_call(mobile(), CallSid=call)
    nobodys = mobile()
    assert stack.post("/api/webhook/missed-call", {"From": nobodys, "To": mobile(), "CallStatus": "no-answer",
                                                   "CallSid": uuid.uuid4().hex}).status_code == 404

    def kept():
        found = [bool(keys_of(tenant, key)), bool(keys_of(tenant, call))]
        return found + [bool(stack.sql("select 1 as n from inbound_events where customer_id is null and raw like %s", f"%{nobodys[1:]}%"))]

    assert kept() == [True, True, True]
    for day, expected in ((6.9, [True, True, True]), (7.1, [False, True, True]), (29.9, [False, True, True]),
                          (30.1, [False, False, True]), (89.9, [False, False, True]), (90.1, [False, False, False])):
        cron(day)
        assert kept() == expected, day


def test_photos_go_with_their_files_after_a_year(tenant, cron, tmp_path):
    stack = tenant.stack
    ticket = tenant.ticket().json()["ticket_id"]
    answer = stack.post("/api/ticket/photo", headers={"Accept": "application/json"},
                        **form_of(stack, ticket, Pictures(tmp_path).flag_as("a.jpg")))
    assert answer.status_code == 201, answer.text
    directory = pathlib.Path(stack.state) / "photos" / str(tenant.id)
    # uploads are dated by the same clock
    cron(364.9)
    assert len(list(directory.iterdir())) == 2 and stack.sql("select 1 as n from photos where ticket_id = %s", ticket)
    cron(365.1)
    assert list(directory.iterdir()) == [] and not stack.sql("select 1 as n from photos where ticket_id = %s", ticket)


def test_a_file_that_cannot_be_deleted_keeps_its_row_and_nothing_else(tenant, stack, cron, clock, tmp_path):
    ticket = tenant.ticket(headers={"Idempotency-Key": uuid.uuid4().hex}).json()["ticket_id"]
    answer = stack.post("/api/ticket/photo", headers={"Accept": "application/json"},
                        **form_of(stack, ticket, Pictures(tmp_path).flag_as("a.jpg")))
    photo = pathlib.Path(stack.state) / "photos" / str(tenant.id) / (answer.json()["photo_id"] + ".jpg")
    aside = photo.with_suffix(".aside")
    photo.rename(aside)
    photo.mkdir()  # what not even root can unlink
    try:
        clock((BEGIN + datetime.timedelta(days=366)).isoformat())
        wait_for(lambda: stack.cron(PATH).status_code == 500, what="a run that meets the photo")
        assert stack.sql("select 1 as n from photos where ticket_id = %s", ticket)
        assert not stack.sql("select 1 as n from inbound_events where customer_id = %s", tenant.id)
    finally:
        photo.rmdir()
        aside.rename(photo)
    until_finished(stack)
    assert not photo.exists() and not stack.sql("select 1 as n from photos where ticket_id = %s", ticket)


def test_after_two_years_nobody_knows_whom_it_was_about(tenant, cron):
    stack, phone, name = tenant.stack, mobile(), "Zacharias Zufferey"
    ticket = tenant.ticket(phone, contact_name=name, contact_email="zz@example.ch", summary="Heizung bei Zufferey kalt",
                           metadata={"street": "Zuffereyweg 7"}).json()["ticket_id"]
    left(tenant, phone)
    assert tenant.text(phone, "Zufferey nochmals: bitte heute").status_code == 200
    left(tenant, phone)
    assert tenant.move(ticket, "DONE").status_code == 200
    left(tenant, phone)
    stack.sql("update tickets set review_due_at = null where id = %s", ticket)
    segments = stack.one("select sum(segments) as n from sms_log where customer_id = %s", tenant.id)["n"]
    cron(31)
    cron(729)
    assert tenant.outbound(phone) and status_of(tenant, ticket)["contact_name"] == name
    cron(731)
    messages = stack.sql(f"select {NOTHING} as nothing, status, ticket_id from sms_log where customer_id = %s", tenant.id)
    assert messages and all(m["nothing"] for m in messages)
    assert stack.one("select sum(segments) as n from sms_log where customer_id = %s", tenant.id)["n"] == segments
    assert all(e["new_value"] is None for e in tenant.events(ticket) if e["event_type"] == "sms_received")
    # it was closed a month after it was begun, and is kept as long from then on
    assert status_of(tenant, ticket)["contact_name"] == name
    cron(762)
    row = status_of(tenant, ticket)
    assert {row[c] for c in ("contact_name", "contact_phone", "contact_email", "summary", "dedupe_key")} == {None}
    assert (row["metadata"], row["status"], row["number"], row["urgency"]) == ({}, "CLOSED", 1, "MED")
    contact = stack.one("select * from contacts where customer_id = %s", tenant.id)
    assert {contact[c] for c in ("phone", "email", "name", "channel_id", "language")} == {None} and contact["erased_at"]
    everything = json.dumps([stack.sql(f"select * from {table} where customer_id = %s", tenant.id) for table in (
        "tickets", "ticket_events", "sms_log", "contacts", "alerts", "inbound_events", "review_links")], default=str)
    assert "ufferey" not in everything and phone[3:] not in everything
    # what happened is still there to be counted
    kinds = [e["event_type"] for e in tenant.events(ticket)]
    assert kinds[0] == "created" and kinds[-1] == "erased" and "status_changed" in kinds


def test_a_ticket_that_nobody_ever_finished_ends_too(tenant, cron):
    ticket = tenant.ticket(summary="vergessen").json()["ticket_id"]
    cron(729)
    assert status_of(tenant, ticket)["status"] == "NEW"
    cron(731)
    row = status_of(tenant, ticket)
    assert (row["status"], row["summary"], row["contact_phone"]) == ("CLOSED", None, None)
    assert [(e["old_value"], e["new_value"]) for e in tenant.events(ticket) if e["event_type"] == "status_changed"] == [("NEW", "CLOSED")]


def test_stop_outlives_the_person(tenant, cron):
    stack, phone = tenant.stack, mobile()
    assert tenant.text(phone, "STOP").status_code == 200
    left(tenant, phone)
    cron(731)
    assert stack.one("select phone from contacts where customer_id = %s", tenant.id)["phone"] is None
    before = len(stack.messages(phone))
    assert tenant.missed_call(phone).json()["reason"] == "opted_out"
    assert tenant.ticket(phone).json()["reason"] == "opted_out"
    fresh = stack.one("select * from contacts where customer_id = %s and phone = %s", tenant.id, phone)
    assert fresh["opted_out_at"] is not None
    assert tenant.text(phone, "Hallo?").json()["answered"] in ("suppressed", "none")
    assert len(stack.messages(phone)) == before
    assert tenant.text(phone, "START").json()["answered"] in ("queued", "deferred")
    wait_for(lambda: len(stack.messages(phone)) > before, what="the answer to START")
    # another firm never heard of it
    assert stack.tenant().missed_call(phone).json()["status"] in ("queued", "deferred")


# ---- beside itself ------------------------------------------------------------------------------


def test_several_at_once_share_the_work(tenant, stack, clock):
    clock(BEGIN.isoformat())
    tickets = [tenant.ticket().json()["ticket_id"] for _ in range(30)]
    clock(None)
    until_finished(stack)
    stack.sql("update tickets set status = 'DONE', unread = false, job_completed_at = %s where id = any (%s::uuid[])", BEGIN, tickets)
    clock((BEGIN + datetime.timedelta(days=31)).isoformat())
    with concurrent.futures.ThreadPoolExecutor(6) as pool:
        answers = [f.result() for f in [pool.submit(run, stack) for _ in range(6)]]
    assert sum(a["closed"] for a in answers) >= 30
    assert stack.one("select count(*) as n from tickets where id = any (%s::uuid[]) and status = 'CLOSED'", tickets)["n"] == 30
    events = stack.one("select count(*) as n from ticket_events where ticket_id = any (%s::uuid[]) and new_value = 'CLOSED'", tickets)
    assert events["n"] == 30


def test_a_contact_who_is_busy_comes_the_next_time(tenant, stack, clock):
    clock(BEGIN.isoformat())
    phone = mobile()
    ticket = tenant.ticket(phone).json()["ticket_id"]
    left(tenant, phone)
    stack.sql("update tickets set status = 'DONE', unread = false, job_completed_at = %s where id = %s", BEGIN, ticket)
    clock((BEGIN + datetime.timedelta(days=31)).isoformat())
    db = stack.connect()
    try:
        with db.cursor() as cursor:
            cursor.execute("select pg_advisory_lock(hashtextextended(%s, 0))", (f"{tenant.id} {phone}",))
        until_finished(stack)
        assert status_of(tenant, ticket)["status"] == "DONE"
    finally:
        db.close()
    wait_for(lambda: run(stack) and status_of(tenant, ticket)["status"] == "CLOSED", what="the ticket being closed")
