"""POST /api/cron/escalate: alerts go round until somebody answers, and broken promises are told once"""

import concurrent.futures
import datetime
import json
import os
import random
import re
import time
import uuid

import pytest
import requests

from tests.support.processes import Processes, kill
from tests.support.stack import mobile, wait_for

PATH = "/api/cron/escalate"
ROUNDS = int(os.environ.get("OPSFABRIC_TEST_ROUNDS", "5"))
BEGIN = datetime.datetime.fromisoformat("2026-07-08T10:00:00+02:00")
LATE = "2027-06-02T12:00:00+02:00"  # than anything here


def run(stack):
    answer = stack.cron(PATH)
    assert answer.status_code == 200, answer.text
    outcome = answer.json()
    assert set(outcome) == {"escalated", "repeated", "skipped", "total"}
    assert outcome["total"] == outcome["escalated"] + outcome["repeated"] + outcome["skipped"]
    return outcome


def clear_away(stack):
    """What other tests left: alerts that nobody answered, promises that nobody kept."""
    stack.sql("update alerts set next_at = null where next_at is not null")
    stack.sql("update tickets set escalated_at = sla_due_at where escalated_at is null")


@pytest.fixture
def cron(stack, clock):
    """Runs so many minutes after BEGIN, at which the test begins."""
    clear_away(stack)

    def at(minutes):
        clock((BEGIN + datetime.timedelta(minutes=minutes, seconds=2)).isoformat())
        return run(stack)

    clock(BEGIN.isoformat())
    return at


def firm_of(stack, on_call=3, alerts=None, **changes):
    numbers = [mobile() for _ in range(on_call)]
    config = {"language": "de", "languages": ["de", "fr"],
              "on_call": [{"phone": phone, "name": f"Person {n}"} for n, phone in enumerate(numbers, 1)]}
    if alerts:
        config["alerts"] = alerts
    firm = stack.tenant(config={**config, **changes.pop("config", {})}, daily_segments=100000, **changes)
    firm.on_call = numbers
    return firm


def alarm(firm, phone=None, **fields):
    return firm.ticket(phone, urgency="HIGH", **fields).json()["ticket_id"]


def told(firm, ticket_id):
    """The numbers in the order in which they were told; each message has left, once. Asked for before an answer as well: an alert
    that is answered before it leaves does not leave any more."""
    def rows():
        return firm.stack.sql(
            "select m.* from sms_log m where ticket_id = %s and template like 'alert%%' and status <> 'suppressed'"
            " order by created_at, id", ticket_id)

    wait_for(lambda: all(m["status"] == "sent" for m in rows()), what="the alerts being sent")
    ids = {str(m["id"]) for m in rows()}
    lines = [m for m in firm.stack.messages() if m["id"] in ids]
    assert sorted(m["to"] for m in lines) == sorted(m["to_number"] for m in rows())
    return [m["to_number"] for m in rows()]


def kinds(firm, ticket_id):
    """Without what became of the ticket's own messages, which is noted when they have left."""
    return [e["event_type"] for e in firm.events(ticket_id) if not e["event_type"].startswith("sms_")]


# ---- who may call -------------------------------------------------------------------------------


@pytest.mark.parametrize("authorization", [None, "Bearer", "Bearer wrong", "Basic {secret}", "Bearer {secret}x"])
def test_without_the_secret_nothing_happens(stack, authorization):
    headers = {} if authorization is None else {"Authorization": authorization.format(secret=stack.env["CRON_SECRET"])}
    assert stack.request("POST", PATH, headers=headers).status_code == 401


def test_only_post(stack):
    headers = {"Authorization": f"Bearer {stack.env['CRON_SECRET']}"}
    answer = stack.request("GET", PATH, headers=headers)
    assert answer.status_code == 405 and answer.headers["Allow"] == "POST"


@pytest.mark.parametrize("body, kind", [(b"{not json", "application/json"), (b"\xff\x00", "text/plain"), (b"x" * 60000, None)])
def test_body_and_type_are_ignored(stack, body, kind):
    headers = {"Authorization": f"Bearer {stack.env['CRON_SECRET']}"}
    if kind:
        headers["Content-Type"] = kind
    assert stack.request("POST", PATH, data=body, headers=headers).status_code == 200


# ---- round and round ----------------------------------------------------------------------------


def test_it_goes_round_three_times_and_then_says_so(stack, cron):
    firm = firm_of(stack, on_call=2)
    ticket_id = alarm(firm, summary="Rohrbruch")
    assert cron(4) == {"escalated": 0, "repeated": 0, "skipped": 0, "total": 0}
    for turn in range(1, 6):
        assert cron(5.5 * turn)["repeated"] == 1
        assert cron(5.5 * turn)["total"] == 0
    assert told(firm, ticket_id) == firm.on_call * 3
    assert "alert_unanswered" not in kinds(firm, ticket_id)
    assert cron(33) == {"escalated": 0, "repeated": 0, "skipped": 1, "total": 1}
    assert kinds(firm, ticket_id)[-1] == "alert_unanswered" and kinds(firm, ticket_id).count("alerted") == 6
    assert cron(60)["total"] == 0
    rows = stack.sql("select * from alerts where ticket_id = %s order by step", ticket_id)
    assert [r["step"] for r in rows] == list(range(6)) and {r["first_id"] for r in rows} == {rows[0]["id"]}
    assert len({r["code_hash"] for r in rows}) == 6 and all(r["next_at"] is None for r in rows)
    bodies = stack.sql("select body from sms_log where ticket_id = %s and template = 'alert'", ticket_id)
    assert all('"Rohrbruch"' in b["body"] and "{" not in b["body"] for b in bodies)


def test_an_ok_ends_it(stack, cron):
    firm = firm_of(stack)
    ticket_id = alarm(firm)
    cron(6)
    assert told(firm, ticket_id) == firm.on_call[:2]
    assert firm.text(firm.on_call[1], "ok").json()["meaning"] == "alert_answered"
    assert cron(60)["repeated"] == 0
    assert told(firm, ticket_id) == firm.on_call[:2]
    rows = stack.sql("select answered_by from alerts where ticket_id = %s", ticket_id)
    assert [r["answered_by"] for r in rows] == ["Person 2"] * 2


def test_the_first_may_still_answer_by_the_link(stack, cron):
    firm = firm_of(stack)
    ticket_id = alarm(firm)
    body = stack.one("select body from sms_log where ticket_id = %s and template = 'alert'", ticket_id)["body"]
    cron(6)
    cron(12)
    assert told(firm, ticket_id) == firm.on_call
    path = re.search(r"/a/\w+$", body)[0]
    assert stack.post(path, form={}).status_code == 303
    assert cron(60)["repeated"] == 0 and told(firm, ticket_id) == firm.on_call
    # Whoever opens a later link sees who was faster.
    body = stack.sql("select body from sms_log where ticket_id = %s and template = 'alert' order by id", ticket_id)[-1]["body"]
    page = stack.get(re.search(r"/a/\w+$", body)[0]).text
    assert "Person 1" in page and "<button>" not in page


def test_a_no_makes_the_next_run_tell_the_next(stack, cron):
    firm = firm_of(stack)
    ticket_id = alarm(firm)
    assert told(firm, ticket_id) == firm.on_call[:1]
    assert firm.text(firm.on_call[0], "kann nicht").json()["meaning"] == "alert_declined"
    assert cron(4)["repeated"] == 1  # it would be five minutes
    assert told(firm, ticket_id) == firm.on_call[:2]


def test_a_moved_ticket_alarms_nobody_any_more(stack, cron):
    firm = firm_of(stack)
    ticket_id = alarm(firm)
    assert told(firm, ticket_id) == firm.on_call[:1]
    firm.move(ticket_id, "SCHEDULED")
    assert cron(60)["total"] == 0 and told(firm, ticket_id) == firm.on_call[:1]


def test_the_firms_minutes_count(stack, cron):
    firm = firm_of(stack, alerts={"repeat_minutes": 20})
    ticket_id = alarm(firm)
    assert cron(19)["total"] == 0 and cron(20.5)["repeated"] == 1
    assert told(firm, ticket_id) == firm.on_call[:2]


def test_each_is_told_in_their_language(stack, cron):
    first, second = mobile(), mobile()
    firm = stack.tenant(config={"language": "de", "on_call": [{"phone": first}, {"phone": second, "language": "fr"}]})
    ticket_id = alarm(firm)
    cron(6)
    told(firm, ticket_id)
    assert "NOTFALL" in stack.messages(first)[0]["body"] and "URGENCE" in stack.messages(second)[0]["body"]


def test_the_chain_of_now_counts(stack, cron):
    firm = firm_of(stack, on_call=1)
    ticket_id = alarm(firm)
    other = [mobile(), mobile()]
    stack.command("tenant", "set", firm.slug, "config.on_call=" + json.dumps([{"phone": p} for p in other]))
    cron(6)
    assert told(firm, ticket_id) == [firm.on_call[0], other[1]]
    stack.command("tenant", "set", firm.slug, "config.on_call=")
    assert cron(12)["skipped"] == 1
    assert kinds(firm, ticket_id)[-1] == "alert_impossible" and cron(60)["repeated"] == 0


def test_it_repeats_at_night(stack, clock):
    clear_away(stack)
    firm = firm_of(stack, quiet_hours_start="21:00", quiet_hours_end="07:00")
    clock("2026-07-08T23:30:00+02:00")
    ticket_id = alarm(firm)
    clock("2026-07-08T23:39:00+02:00")
    assert run(stack)["repeated"] == 1
    assert told(firm, ticket_id) == firm.on_call[:2]


# ---- broken promises ----------------------------------------------------------------------------


@pytest.mark.parametrize("move", [None, "NEEDS_CALLBACK"])
def test_a_broken_promise_is_told_once(stack, cron, move):
    firm, phone = firm_of(stack, sla_response_minutes=60), mobile()
    ticket_id = firm.ticket(phone, contact_name="Anna Muster", summary="Offerte Bad").json()["ticket_id"]
    if move:
        firm.move(ticket_id, move)
    due = stack.one("select sla_due_at from tickets where id = %s", ticket_id)["sla_due_at"]
    assert due == BEGIN + datetime.timedelta(minutes=65) or due == BEGIN + datetime.timedelta(minutes=60)
    assert cron(59)["total"] == 0
    assert cron(66) == {"escalated": 1, "repeated": 0, "skipped": 0, "total": 1}
    assert cron(67)["total"] == cron(600)["total"] == 0
    assert told(firm, ticket_id) == firm.on_call[:1]
    (row,) = [m for m in firm.outbound(firm.on_call[0])]
    number = firm.tickets(phone)[0]["number"]
    assert row["template"] == "alert_overdue" and f'Nr. {number} wartet noch auf Antwort. Anna Muster {phone}: "Offerte Bad"' in row["body"]
    assert kinds(firm, ticket_id).count("escalated") == kinds(firm, ticket_id).count("alerted") == 1
    assert firm.tickets(phone)[0]["escalated_at"] is not None


@pytest.mark.parametrize("status", ["SCHEDULED", "IN_PROGRESS", "DONE", "CLOSED"])
def test_a_kept_one_is_not(stack, cron, status):
    firm = firm_of(stack)
    ticket_id = firm.ticket().json()["ticket_id"]
    assert firm.move(ticket_id, status).status_code == 200
    assert cron(600)["total"] == 0 and told(firm, ticket_id) == []


def test_a_text_to_a_finished_ticket_that_nobody_read(stack, cron):
    firm, phone = firm_of(stack), mobile()
    ticket_id = firm.ticket(phone).json()["ticket_id"]
    firm.move(ticket_id, "DONE")
    firm.text(phone, "Es tropft schon wieder")
    assert cron(119)["total"] == 0 and cron(126)["escalated"] == 1
    assert told(firm, ticket_id) == firm.on_call[:1]
    assert firm.tickets(phone)[0]["status"] == "DONE"


def test_an_ok_does_not_keep_the_promise(stack, cron):
    """It says that somebody has read it; the contact still waits."""
    firm = firm_of(stack)
    ticket_id = alarm(firm)
    assert told(firm, ticket_id) == firm.on_call[:1]
    firm.text(firm.on_call[0], "ok")
    assert cron(126) == {"escalated": 1, "repeated": 0, "skipped": 0, "total": 1}
    assert told(firm, ticket_id) == [firm.on_call[0]] * 2


def test_a_reopened_ticket_is_a_new_promise(stack, cron):
    firm, phone = firm_of(stack), mobile()
    ticket_id = firm.ticket(phone).json()["ticket_id"]
    assert cron(126)["escalated"] == 1
    firm.move(ticket_id, "DONE")
    firm.ticket(phone)
    assert cron(127)["total"] == 0 and cron(260)["escalated"] == 1


def test_it_wakes_nobody(stack, cron, clock):
    """The promise's clock stands still at night; where it did not, after a change of hours, morning is soon enough."""
    firm = firm_of(stack)
    ticket_id = firm.ticket().json()["ticket_id"]
    stack.sql("update customers set quiet_hours_start = '11:30', quiet_hours_end = '13:00' where id = %s", firm.id)
    assert cron(126)["escalated"] == 1
    (row,) = firm.outbound(firm.on_call[0])
    assert row["status"] == "queued" and row["not_before"].isoformat() == "2026-07-08T11:00:00+00:00"
    assert (row["expires_at"] - row["not_before"]).total_seconds() == 12 * 3600
    assert kinds(firm, ticket_id).count("escalated") == 1


def test_what_is_a_day_late_is_noted_and_not_told(stack, cron):
    firm = firm_of(stack)
    ticket_id = firm.ticket().json()["ticket_id"]
    assert cron(27 * 60)["escalated"] == 1
    (row,) = firm.outbound(firm.on_call[0])
    assert (row["status"], row["reason"]) == ("suppressed", "too_late")
    assert kinds(firm, ticket_id)[-2:] == ["escalated", "alert_impossible"]


def test_where_nobody_can_be_told_it_is_noted(stack, cron):
    firm = stack.tenant()
    ticket_id = firm.ticket().json()["ticket_id"]
    assert cron(126)["escalated"] == 1 and cron(127)["total"] == 0
    assert kinds(firm, ticket_id)[-2:] == ["escalated", "alert_impossible"]


def test_a_firm_that_is_not_served_any_more_is_not_told(stack, cron):
    firm = firm_of(stack)
    ticket_id = firm.ticket().json()["ticket_id"]
    stack.command("tenant", "deactivate", firm.slug)
    assert cron(126)["escalated"] == 1
    assert told(firm, ticket_id) == []


def test_a_broken_setting_of_one_firm_does_not_stop_the_others(stack, cron):
    broken, firm = firm_of(stack), firm_of(stack)
    first, second = broken.ticket().json()["ticket_id"], firm.ticket().json()["ticket_id"]
    stack.sql("update customers set config = '{\"on_call\": {\"phone\": 7}, \"alerts\": [], \"texts\": 3}' where id = %s", broken.id)
    assert cron(126)["escalated"] == 2
    assert kinds(broken, first)[-1] == "alert_impossible" and told(firm, second) == firm.on_call[:1]


# ---- beside itself, killed ----------------------------------------------------------------------


def make(firm, alerts, promises):
    """Alerts and promises that are due at BEGIN + 130 minutes."""
    made = [alarm(firm, token=firm.token, source="wizard") for _ in range(alerts)]
    return made, [firm.ticket().json()["ticket_id"] for _ in range(promises)]


def reckon(firm, made, promises):
    """Every alert was repeated once and every promise told once."""
    rows = firm.stack.sql(
        "select ticket_id::text as id, kind, step, count(*) from alerts where customer_id = %s group by 1, 2, 3", firm.id)
    assert all(r["count"] == 1 for r in rows), rows
    there = {(r["id"], r["kind"], r["step"]) for r in rows}
    assert there == ({(i, "emergency", s) for i in made for s in (0, 1)} | {(i, "overdue", 0) for i in made + promises})
    messages = firm.stack.sql(
        "select ticket_id::text as id, template, count(*) from sms_log where customer_id = %s and template like 'alert%%' group by 1, 2",
        firm.id)
    assert {(m["id"], m["template"]): m["count"] for m in messages} == {
        **{(i, "alert"): 2 for i in made}, **{(i, "alert_overdue"): 1 for i in made + promises}}
    events = firm.stack.sql(
        "select ticket_id::text as id, count(*) from ticket_events where customer_id = %s and event_type = 'escalated' group by 1", firm.id)
    assert {e["id"]: e["count"] for e in events} == dict.fromkeys(made + promises, 1)


def test_many_runs_at_once_tell_once(stack, cron, clock):
    firm = firm_of(stack, on_call=2)
    made, promises = make(firm, 30, 90)
    clock((BEGIN + datetime.timedelta(minutes=130)).isoformat())
    headers = {"Authorization": f"Bearer {stack.env['CRON_SECRET']}"}

    def post(_):
        answer = requests.post(stack.base + PATH, headers=headers, timeout=40)
        assert answer.status_code == 200, answer.text
        return answer.json()

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(post, range(8)))
    assert sum(o["repeated"] for o in outcomes) + run(stack)["repeated"] == 30
    assert sum(o["escalated"] for o in outcomes) == 120
    reckon(firm, made, promises)


def test_a_run_beside_an_answer(stack, cron, clock):
    """Whoever is first: an answered alert is not told on, and one that is told on can be answered."""
    firm = firm_of(stack, on_call=2)
    made, _ = make(firm, 20, 0)
    clock((BEGIN + datetime.timedelta(minutes=6)).isoformat())
    headers = {"Authorization": f"Bearer {stack.env['CRON_SECRET']}"}

    def post(n):
        if n % 2:
            return requests.post(stack.base + PATH, headers=headers, timeout=40).status_code
        body = {"From": firm.on_call[0], "To": firm.sms_number, "Body": "ok", "MessageSid": uuid.uuid4().hex}
        return requests.post(stack.base + "/api/webhook/sms-reply", json=body, timeout=40).status_code

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        assert set(pool.map(post, range(40))) == {200}
    run(stack)
    for ticket_id in made:
        rows = stack.sql("select * from alerts where ticket_id = %s order by step", ticket_id)
        assert all(r["answered_by"] == "Person 1" and r["next_at"] is None for r in rows), rows
        assert len(rows) <= 2 and kinds(firm, ticket_id).count("alert_answered") == 1


def test_kill_9_at_any_point(own_stack):
    """Of a worker, and of the backend that serves it: nobody is told twice, nobody is forgotten."""
    stack, processes = own_stack, Processes(own_stack)
    stack.clock(BEGIN.isoformat())
    try:
        firm = firm_of(stack, on_call=2)
        made, promises = make(firm, 20, 30 * ROUNDS)
        stack.clock((BEGIN + datetime.timedelta(minutes=130)).isoformat())
        for done in range(ROUNDS):
            processes.wait_running("escalate")
            kill_one(stack, processes, backend=done == ROUNDS - 1)
        processes.wait_database()
        stack.close()
        wait_for(lambda: stack.cron(PATH).status_code == 200, what="the route to be back")
        wait_for(lambda: run(stack)["total"] == 0, what="nothing being due")
        reckon(firm, made, promises)
        assert processes.complaints() == []
    finally:
        stack.clock(None)


def kill_one(stack, processes, backend):
    """One of two runs beside each other, or Postgres under them."""
    headers = {"Authorization": f"Bearer {stack.env['CRON_SECRET']}"}
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        answers = [pool.submit(requests.post, stack.base + PATH, headers=headers, timeout=40) for _ in range(2)]
        time.sleep(random.uniform(0, 0.08))  # anywhere inside the run
        pids = processes.backends() if backend else processes.pids("escalate")
        if pids:
            kill(random.choice(pids))
        assert {answer.result().status_code for answer in answers} <= {200, 503}


# ---- the timer ----------------------------------------------------------------------------------


def test_doctor_knows_when_it_last_ran(stack, clock):
    def look():
        out = stack.command("doctor", "--json", check=False)
        return [c for c in json.loads(out.stdout)["checks"] if c["what"] == "timers" and "escalate" in c["detail"]]

    run(stack)
    (check,) = look()
    assert check["level"] == "ok"
    ahead = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(minutes=11)
    clock(ahead.isoformat(timespec="seconds"))
    (check,) = look()
    assert check["level"] == "FAIL" and "timer" in check["mend"]
