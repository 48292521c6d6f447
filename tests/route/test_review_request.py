"""POST /api/cron/review-request: everybody is asked once, nobody is asked who must not be"""

import concurrent.futures
import contextlib
import itertools
import json
import os
import pathlib
import random
import re
import secrets
import signal
import time
import uuid

import pytest
import requests

from tests.support.stack import landline, mobile, wait_for

PATH = "/api/cron/review-request"
ROUNDS = int(os.environ.get("OPSFABRIC_TEST_ROUNDS", "5"))
DONE_AT = "2026-07-08T10:00:00+02:00"
BEFORE = "2026-07-08T11:59:00+02:00"
AFTER = "2026-07-08T12:05:00+02:00"  # done some seconds after DONE_AT, if not a minute
LATE = "2027-06-02T12:00:00+02:00"  # than anything here
# Of a range from which mobile() takes none.
bulk_numbers = map("+4178{:07}".format, itertools.count(random.randrange(1000000, 9000000)))


@pytest.fixture(scope="module")
def firm(stack):
    """Asks as soon as the job is done, day and night: most tests need no clock."""
    return stack.tenant(review_delay_hours=0, daily_segments=100000)


@pytest.fixture(scope="module")
def patient(stack):
    """Asks two hours later."""
    return stack.tenant(daily_segments=100000)


def run(stack):
    answer = stack.cron(PATH)
    assert answer.status_code == 200, answer.text
    outcome = answer.json()
    assert set(outcome) == {"sent", "skipped", "total"}
    assert outcome["total"] == outcome["sent"] + outcome["skipped"]
    return outcome


def clear_away(stack):
    """What other tests left to be asked."""
    if stack.sql("select 1 from tickets where review_due_at is not null limit 1"):
        wait_for(lambda: run(stack)["total"] == 0, what="nothing being due")


@pytest.fixture
def ask(stack):
    """Runs now."""
    clear_away(stack)
    return lambda: run(stack)


@pytest.fixture
def cron(stack, clock):
    """Runs at an instant; the test begins at DONE_AT."""
    clock(LATE)
    clear_away(stack)

    def at(instant):
        clock(instant)
        return run(stack)

    clock(DONE_AT)
    return at


def done(firm, phone, **fields):
    made = firm.ticket(phone, **fields).json()
    answer = firm.move(made["ticket_id"], "DONE")
    assert answer.status_code == 200, answer.text
    return made["ticket_id"]


def ticket(firm, ticket_id):
    return firm.stack.one("select * from tickets where id = %s", ticket_id)


def requests_to(firm, phone):
    return [m for m in firm.outbound(phone) if m["template"] == "review_request"]


def wait_asked(firm, phone, count=1):
    """Until all that was asked of that number has left; also where the provider writes, it is that often."""
    def sent():
        rows = [m for m in requests_to(firm, phone) if m["status"] != "suppressed"]
        return rows if rows and all(m["status"] == "sent" for m in rows) else None

    rows = wait_for(sent, what=f"the request to {phone} being sent")
    lines = [m for m in firm.stack.messages(phone) if "/r/" in m["body"]]
    assert len(rows) == len(lines) == count, (rows, lines)
    return rows


def skipped_because(firm, ticket_id):
    return [e["new_value"] for e in firm.events(ticket_id) if e["event_type"] == "review_skipped"]


def configure(firm, **columns):
    """As an operator would; the cron reads a firm anew in each run."""
    for column, value in columns.items():
        value = json.dumps(value) if isinstance(value, dict) else value
        firm.stack.sql(f"update customers set {column} = %s where id = %s", value, firm.id)


# ---- who may call ---------------------------------------------------------------------------


@pytest.mark.parametrize("authorization", [
    None, "", "Bearer", "Bearer ", "Bearer wrong", "Basic {secret}", "{secret}", "Bearer {secret}x", "Bearer {half}",
    "Bearer {upside_down}",
])
def test_without_the_secret_nothing_is_looked_at(stack, firm, authorization):
    phone = mobile()
    ticket_id = done(firm, phone)
    secret = stack.env["CRON_SECRET"]
    headers = {}
    if authorization is not None:
        headers["Authorization"] = authorization.format(
            secret=secret, half=secret[:len(secret) // 2], upside_down=secret.swapcase())
    for method, extra in [
        ("POST", {}), ("GET", {}), ("PUT", {}), ("POST", {"data": b"{not json", "headers": {"Content-Type": "text/plain"}}),
        ("POST", {"data": b"\xff" * 1000, "headers": {"Content-Type": "application/json"}}),
    ]:
        # Past the look into docs/openapi.yaml, which would want a 405 for what is no POST.
        answer = stack.session.request(
            method, stack.base + PATH, **{**extra, "headers": {**extra.get("headers", {}), **headers}})
        assert answer.status_code == 401, (method, answer.text)
        assert answer.headers["Content-Type"].split(";")[0] == "application/problem+json"
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    assert requests_to(firm, phone) == [] and ticket(firm, ticket_id)["review_due_at"] is not None


def test_a_tenants_token_is_not_the_secret(stack, firm):
    assert stack.post(PATH, token=firm.token).status_code == 401


@pytest.mark.parametrize("body, kind", [
    (None, None), (b"", "application/json"), (b"{not json", "application/json"), (b"\xff\x00", "text/plain"),
    (b"x=1", "application/x-www-form-urlencoded"), (b"<a/>", "multipart/form-data"), (b"x" * 60000, None),
])
def test_body_and_type_are_ignored(stack, body, kind):
    headers = {"Authorization": f"Bearer {stack.env['CRON_SECRET']}"}
    if kind:
        headers["Content-Type"] = kind
    assert stack.request("POST", PATH, data=body, headers=headers).status_code == 200


def test_only_post(stack):
    headers = {"Authorization": f"Bearer {stack.env['CRON_SECRET']}"}
    answer = stack.request("GET", PATH, headers=headers)
    assert answer.status_code == 405 and answer.headers["Allow"] == "POST"


# ---- when -----------------------------------------------------------------------------------


def test_a_contact_is_asked_once_when_the_delay_is_over(patient, cron):
    firm, phone = patient, mobile()
    ticket_id = done(firm, phone, language="de")
    assert cron(BEFORE) == {"sent": 0, "skipped": 0, "total": 0}
    assert cron(AFTER) == {"sent": 1, "skipped": 0, "total": 1}
    assert cron(AFTER) == {"sent": 0, "skipped": 0, "total": 0}
    (row,) = wait_asked(firm, phone)
    (code,) = re.findall(re.escape(firm.stack.base) + r"/r/([0-9A-Za-z]{12})(?![0-9A-Za-z])", row["body"])
    link = firm.stack.one("select * from review_links where code = %s", code)
    assert str(link["ticket_id"]) == str(row["ticket_id"]) == ticket_id and link["clicked_at"] is None
    assert row["from_number"] == firm.sms_number and 1 <= row["segments"] <= 2
    asked = ticket(firm, ticket_id)
    assert asked["review_request_sent_at"] is not None and asked["review_due_at"] is None
    assert asked["status"] == "DONE" and not asked["review_clicked"]
    kinds = [e["event_type"] for e in firm.events(ticket_id)]
    assert kinds.count("review_requested") == 1


@pytest.mark.parametrize("hours, not_yet, now", [
    (0, None, "2026-07-08T10:05:00+02:00"),
    (24, "2026-07-09T09:59:00+02:00", "2026-07-09T10:05:00+02:00"),
])
def test_the_delay_is_the_firms(stack, cron, hours, not_yet, now):
    firm = stack.tenant(review_delay_hours=hours)
    phone = mobile()
    done(firm, phone)
    if not_yet:
        assert cron(not_yet)["total"] == 0
    assert cron(now)["sent"] == 1
    wait_asked(firm, phone)


def test_in_quiet_hours_it_waits_for_their_end(stack, cron, clock):
    firm = stack.tenant(quiet_hours_start="21:00", quiet_hours_end="07:00")
    phone = mobile()
    clock("2026-07-08T20:30:00+02:00")
    ticket_id = done(firm, phone)
    assert cron("2026-07-08T22:45:00+02:00")["sent"] == 0
    assert requests_to(firm, phone) == []
    assert cron("2026-07-08T23:31:00+02:00") == {"sent": 0, "skipped": 0, "total": 0}  # it does not block the queue
    assert cron("2026-07-09T06:59:00+02:00")["sent"] == 0
    assert cron("2026-07-09T07:00:05+02:00")["sent"] == 1
    wait_asked(firm, phone)
    assert skipped_because(firm, ticket_id) == []


def test_one_firms_quiet_hours_do_not_hold_up_another(stack, patient, cron, clock):
    sleeper = stack.tenant(quiet_hours_start="21:00", quiet_hours_end="07:00")
    clock("2026-07-08T20:30:00+02:00")
    sleeping, awake = mobile(), mobile()
    done(sleeper, sleeping)
    done(patient, awake)
    assert cron("2026-07-08T22:45:00+02:00")["sent"] == 1
    wait_asked(patient, awake)
    assert requests_to(sleeper, sleeping) == []


def test_a_closed_ticket_is_not_asked_about(firm, ask):
    phone = mobile()
    firm.move(done(firm, phone), "CLOSED")
    assert ask()["total"] == 0
    assert requests_to(firm, phone) == []


# ---- once in 180 days -----------------------------------------------------------------------


def test_a_contact_is_asked_once_in_180_days(patient, cron, clock):
    firm, phone = patient, mobile()
    done(firm, phone)
    assert cron(AFTER)["sent"] == 1
    wait_asked(firm, phone)
    clock("2026-08-20T10:00:00+02:00")
    second = done(firm, phone)
    assert cron("2026-08-20T12:05:00+02:00") == {"sent": 0, "skipped": 1, "total": 1}
    assert skipped_because(firm, second) == ["recently_asked"]
    assert ticket(firm, second)["review_due_at"] is None
    wait_asked(firm, phone)
    clock("2027-01-04T10:00:00+01:00")  # 180 days after the request, and a little
    third = done(firm, phone)
    assert cron("2027-01-04T12:05:00+01:00")["sent"] == 1
    assert skipped_because(firm, third) == []
    wait_asked(firm, phone, 2)


def test_two_tickets_of_one_contact_in_one_run_are_one_request(patient, cron, clock):
    firm, phone = patient, mobile()
    clock("2026-07-07T10:00:00+02:00")
    first = firm.ticket(phone).json()["ticket_id"]
    clock(DONE_AT)
    firm.move(first, "DONE")
    second = done(firm, phone)
    assert first != second
    assert cron(AFTER) == {"sent": 1, "skipped": 1, "total": 2}
    wait_asked(firm, phone)
    assert sorted(skipped_because(firm, first) + skipped_because(firm, second)) == ["recently_asked"]


def test_another_firm_may_ask_the_same_contact(stack, firm, ask):
    other, phone = stack.tenant(review_delay_hours=0), mobile()
    done(firm, phone)
    done(other, phone)
    assert ask()["sent"] == 2
    wait_for(lambda: len(firm.stack.messages(phone)) >= 4, what="confirmations and requests")
    assert len(requests_to(firm, phone)) == len(requests_to(other, phone)) == 1


# ---- who is never asked ---------------------------------------------------------------------


def never(firm, ask, ticket_id):
    """Skipped for good, once, and anybody can see why."""
    assert ask() == {"sent": 0, "skipped": 1, "total": 1}
    (reason,) = skipped_because(firm, ticket_id)
    assert ask()["total"] == 0
    left = ticket(firm, ticket_id)
    assert left["review_request_sent_at"] is None and left["review_due_at"] is None
    assert firm.stack.sql("select 1 from review_links where ticket_id = %s", ticket_id) == []
    assert firm.stack.sql(
        "select 1 from sms_log where ticket_id = %s and template = 'review_request' and status <> 'suppressed'",
        ticket_id) == []
    return reason


def test_who_said_stop_is_not_asked(firm, ask):
    phone = mobile()
    ticket_id = done(firm, phone)
    firm.text(phone, "STOP")
    assert never(firm, ask, ticket_id) == "opted_out"


def test_who_said_start_again_is_asked(firm, ask):
    phone = mobile()
    done(firm, phone)
    firm.text(phone, "STOP")
    firm.text(phone, "START")
    assert ask()["sent"] == 1
    wait_asked(firm, phone)


def test_a_landline_is_not_asked(firm, ask):
    assert never(firm, ask, done(firm, landline())) in ("landline", "not_mobile")


def test_who_left_only_a_mail_address_is_not_asked(firm, ask):
    made = firm.stack.post("/api/ticket", {
        "customer_slug": firm.slug, "contact_email": f"{uuid.uuid4().hex}@example.ch"}).json()
    firm.move(made["ticket_id"], "DONE")
    assert never(firm, ask, made["ticket_id"]) == "no_phone"


def test_a_withheld_caller_is_not_asked(firm, ask):
    made = firm.missed_call("anonymous").json()
    firm.move(made["ticket_id"], "DONE")
    assert never(firm, ask, made["ticket_id"]) == "no_phone"


def test_a_country_the_firm_does_not_write_to_is_not_asked(stack, ask):
    firm = stack.tenant(review_delay_hours=0, config={"language": "de", "languages": ["de"], "sms": {"countries": ["+49"]}})
    assert never(firm, ask, done(firm, mobile())) == "destination"


def test_an_island_on_plus_one_is_not_asked(stack, ask):
    firm = stack.tenant(review_delay_hours=0, config={"language": "en", "languages": ["en"], "sms": {"countries": ["+1"]}})
    assert never(firm, ask, done(firm, f"+1876210{mobile()[-4:]}")) == "destination"


@pytest.mark.parametrize("columns, reason", [
    ({"modules": {"reviews": False}}, "module_off"),
    ({"google_review_link": None}, "no_link"),
    ({"google_review_link": "https://example.com/review"}, "no_link"),
    ({"google_review_link": "https://g.page.example.com/r/x/review"}, "no_link"),
    ({"google_review_link": "https://g.page@example.com/r/x/review"}, "no_link"),
    ({"active": False}, "inactive"),
    ({"sms_number": None}, "no_sender"),
])
def test_a_firm_that_does_not_ask(stack, ask, columns, reason):
    firm = stack.tenant(review_delay_hours=0)
    ticket_id = done(firm, mobile())
    configure(firm, **columns)
    assert never(firm, ask, ticket_id) == reason


def test_a_firm_whose_settings_are_broken_holds_up_nobody(stack, firm, ask):
    broken = stack.tenant(review_delay_hours=0)
    done(broken, mobile())
    phone = mobile()
    done(firm, phone)
    configure(broken, quiet_hours_start="00:00", quiet_hours_end="24:00")
    try:
        ask()
    finally:
        configure(broken, quiet_hours_start="00:00", quiet_hours_end="00:00")
    wait_asked(firm, phone)


# ---- how ------------------------------------------------------------------------------------


@pytest.mark.parametrize("language, words", [
    ("de", "Bewertung"), ("fr", "Votre avis"), ("it", "recensione"), ("en", "review"),
])
def test_the_request_is_in_the_contacts_language(firm, ask, language, words):
    phone = mobile()
    done(firm, phone, language=language)
    assert ask()["sent"] == 1
    assert words in requests_to(firm, phone)[0]["body"]


def test_the_request_is_one_of_the_four_texts_of_a_day(firm, ask):
    phone = mobile()
    done(firm, phone)
    assert ask()["sent"] == 1
    for _ in range(5):
        firm.text(phone, "3")
    sent = [m for m in firm.outbound(phone) if m["status"] != "suppressed"]
    assert len(sent) <= 4, [m["template"] for m in sent]


def test_who_got_four_texts_today_is_not_asked_today(firm, ask):
    phone = mobile()
    ticket_id = done(firm, phone)
    for _ in range(4):
        firm.text(phone, "3")
    assert ask()["sent"] == 0
    sent = [m for m in firm.outbound(phone) if m["status"] != "suppressed"]
    assert len(sent) == 4 and "review_request" not in [m["template"] for m in sent]
    assert ticket(firm, ticket_id)["review_due_at"] is not None or skipped_because(firm, ticket_id)


def test_the_run_waits_for_nobody(stack, firm, ask):
    """Somebody works on a contact: the next run asks."""
    busy, free = mobile(), mobile()
    done(firm, busy)
    done(firm, free)
    with contextlib.closing(stack.connect()) as db:
        db.autocommit = False
        db.cursor().execute(
            "select pg_advisory_xact_lock(hashtextextended(%s || ' ' || %s, 0))", (str(firm.id), busy))
        began = time.monotonic()
        assert ask()["sent"] == 1
        assert time.monotonic() - began < 19
        db.rollback()
    wait_asked(firm, free)
    assert requests_to(firm, busy) == []
    assert run(stack)["sent"] == 1
    wait_asked(firm, busy)


# ---- taken back -----------------------------------------------------------------------------


def program_pids(stack, name):
    """As deploy/supervised noted them; a process is the stack's if it works in its directory."""
    pids = []
    for f in (stack.state / "run" / "pid").glob(name + "*"):
        pid = f.read_text().strip()
        with contextlib.suppress(OSError):
            if pathlib.Path(os.readlink(f"/proc/{pid}/cwd")) == stack.state.resolve():
                if pathlib.Path(os.readlink(f"/proc/{pid}/exe")).name == name:
                    pids.append(int(pid))
    return pids


@contextlib.contextmanager
def nothing_leaves(stack):
    """The dispatcher stands still."""
    pids = program_pids(stack, "dispatcher")
    assert pids
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)


REOPEN = {
    "missed call": lambda firm, phone, ticket_id: firm.missed_call(phone),
    "emergency": lambda firm, phone, ticket_id: firm.text(phone, "1"),
    "call me back": lambda firm, phone, ticket_id: firm.text(phone, "2"),
    "wizard": lambda firm, phone, ticket_id: firm.ticket(phone, summary="Es tropft wieder"),
    "staff": lambda firm, phone, ticket_id: firm.move(ticket_id, "IN_PROGRESS"),
}


@pytest.mark.parametrize("how", REOPEN)
def test_a_ticket_reopened_in_time_is_not_asked_about(firm, ask, how):
    phone = mobile()
    ticket_id = done(firm, phone)
    assert REOPEN[how](firm, phone, ticket_id).status_code == 200
    assert ticket(firm, ticket_id)["review_due_at"] is None
    assert ask()["total"] == 0
    firm.move(ticket_id, "DONE")
    assert ask()["sent"] == 1
    wait_asked(firm, phone)


def test_a_ticket_done_again_waits_again(patient, cron, clock):
    firm, phone = patient, mobile()
    ticket_id = done(firm, phone)
    clock("2026-07-08T11:00:00+02:00")
    firm.missed_call(phone)
    clock("2026-07-08T14:00:00+02:00")
    firm.move(ticket_id, "DONE")
    assert cron("2026-07-08T15:59:00+02:00")["total"] == 0
    assert cron("2026-07-08T16:05:00+02:00")["sent"] == 1
    wait_asked(firm, phone)


@pytest.mark.parametrize("how", REOPEN)
def test_a_request_that_has_not_left_is_withdrawn_with_its_ticket(stack, firm, ask, how):
    phone = mobile()
    with nothing_leaves(stack):
        ticket_id = done(firm, phone)
        assert ask()["sent"] == 1
        assert [m["status"] for m in requests_to(firm, phone)] == ["queued"]
        assert REOPEN[how](firm, phone, ticket_id).status_code == 200
        assert [(m["status"], m["reason"]) for m in requests_to(firm, phone)] == [("suppressed", "withdrawn")]
        reopened = ticket(firm, ticket_id)
        assert reopened["status"] != "DONE" and reopened["review_request_sent_at"] is None
    firm.move(ticket_id, "DONE")
    assert ask()["sent"] == 1
    wait_asked(firm, phone)


def test_stop_withdraws_a_request_that_has_not_left(stack, firm, ask):
    phone = mobile()
    with nothing_leaves(stack):
        done(firm, phone)
        assert ask()["sent"] == 1
        firm.text(phone, "STOP")
        assert [(m["status"], m["reason"]) for m in requests_to(firm, phone)] == [("suppressed", "opted_out")]
    wait_for(lambda: all(m["status"] in ("sent", "suppressed") for m in firm.outbound(phone)), what="the confirmation")
    assert not any("/r/" in m["body"] for m in stack.messages(phone))


def test_a_ticket_reopened_after_the_request_is_not_asked_about_again(firm, ask):
    phone = mobile()
    ticket_id = done(firm, phone)
    assert ask()["sent"] == 1
    wait_asked(firm, phone)
    firm.missed_call(phone)
    firm.move(ticket_id, "DONE")
    assert ask()["sent"] == 0
    assert len(skipped_because(firm, ticket_id)) == 1
    wait_asked(firm, phone)


def test_words_on_a_finished_ticket_leave_the_request(firm, ask):
    phone = mobile()
    done(firm, phone)
    firm.text(phone, "Alles bestens, wann kommt die Rechnung?")
    assert ask()["sent"] == 1
    wait_asked(firm, phone)


# ---- many, at once, and killed --------------------------------------------------------------


def many_due(firm, count):
    """Finished tickets of as many contacts, due now: their numbers."""
    phones = list(itertools.islice(bulk_numbers, count))
    firm.stack.sql(
        """with c as (
             insert into contacts (id, customer_id, phone, phone_kind, created_at, seen_at)
             select gen_random_uuid(), %s, p, 'mobile', now() - interval '1 hour', now() from unnest(%s::text[]) p
             returning id, customer_id, phone, created_at)
           insert into tickets (id, customer_id, number, source, status, urgency, contact_id, contact_phone,
                                job_completed_at, review_due_at, created_at, updated_at)
           select gen_random_uuid(), customer_id, 1000000 + right(phone, 7)::int, 'manual', 'DONE', 'MED', id, phone,
                  created_at, created_at, created_at, created_at
           from c""",
        str(firm.id), phones)
    return phones


def is_due(firm):
    return firm.stack.one(
        "select count(*) as n from tickets where customer_id = %s and review_due_at is not null", firm.id)["n"]


def asked_once_each(firm, phones):
    """Once in the outbox, at the provider, in the history, and with a link of its own."""
    wait_for(lambda: firm.stack.one(
        "select count(*) as n from sms_log where customer_id = %s and to_number = any (%s) and status <> 'sent'",
        firm.id, phones)["n"] == 0, what="the requests being sent")
    rows = firm.stack.sql(
        "select to_number, count(*) as n from sms_log where customer_id = %s and to_number = any (%s) group by 1",
        firm.id, phones)
    assert {r["to_number"]: r["n"] for r in rows} == dict.fromkeys(phones, 1)
    wanted = set(phones)
    lines = [m for m in firm.stack.messages() if m["to"] in wanted]
    assert len(lines) == len(phones) and {m["to"] for m in lines} == wanted
    codes = [re.search(r"/r/([0-9A-Za-z]{12})", m["body"]).group(1) for m in lines]
    assert len(set(codes)) == len(codes)
    bad = firm.stack.sql(
        """select t.id from tickets t
           where t.customer_id = %s and t.contact_phone = any (%s)
             and (t.review_request_sent_at is null or t.review_due_at is not null
                  or 1 <> (select count(*) from review_links l where l.ticket_id = t.id)
                  or 1 <> (select count(*) from ticket_events e
                           where e.ticket_id = t.id and e.event_type = 'review_requested'))""",
        firm.id, phones)
    assert bad == []


def post_cron(stack, timeout=60):
    """Without the shared session: 0 if no answer came."""
    try:
        answer = requests.post(
            stack.base + PATH, headers={"Authorization": f"Bearer {stack.env['CRON_SECRET']}"}, timeout=timeout)
    except requests.RequestException:
        return 0, None
    return answer.status_code, answer.json() if answer.status_code == 200 else None


def test_more_than_a_batch_is_asked_in_one_run(firm, ask):
    phones = many_due(firm, 130)
    assert ask() == {"sent": len(phones), "skipped": 0, "total": len(phones)}
    asked_once_each(firm, phones)


@pytest.mark.parametrize("turn", range(ROUNDS))
def test_runs_side_by_side_ask_each_contact_once(stack, firm, ask, turn):
    phones = many_due(firm, 200)
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(lambda _: post_cron(stack), range(8)))
    assert {status for status, _ in outcomes} == {200}
    rest = ask()["sent"]  # a run skips what another holds
    assert sum(o["sent"] for _, o in outcomes) + rest == len(phones)
    assert sum(o["skipped"] for _, o in outcomes) == 0
    asked_once_each(firm, phones)


def have_lived(stack, seconds=1.2):
    """Two workers that supervisord takes for started: it lets one that dies young wait ever longer."""
    pids = program_pids(stack, "review_request")
    with contextlib.suppress(OSError):
        if len(pids) == 2 and all(time.time() - os.stat(f"/proc/{pid}").st_mtime > seconds for pid in pids):
            return pids
    return None


@pytest.mark.parametrize("turn", range(ROUNDS))
def test_a_killed_run_asks_nobody_twice_and_forgets_nobody(stack, firm, ask, turn):
    killed = wait_for(lambda: have_lived(stack), what="two workers")
    phones = many_due(firm, 200)
    enough = random.randrange(0, 160)
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        runs = [pool.submit(post_cron, stack) for _ in range(2)]
        while is_due(firm) > len(phones) - enough and not all(r.done() for r in runs):
            pass
        time.sleep(random.uniform(0, 0.02))  # anywhere in a batch, not only after one
        for pid in killed:
            os.kill(pid, signal.SIGKILL)
        for r in runs:
            assert r.result()[0] in (0, 200, 503)
    wait_for(lambda: post_cron(stack)[0] == 200 and is_due(firm) == 0, what="the rest being asked")
    assert ask() == {"sent": 0, "skipped": 0, "total": 0}
    asked_once_each(firm, phones)


@pytest.mark.parametrize("turn", range(ROUNDS))
def test_nobody_is_asked_about_a_ticket_that_is_reopened_meanwhile(stack, firm, ask, turn):
    phones = [mobile() for _ in range(12)]
    tickets = [done(firm, phone) for phone in phones]

    def call(phone):
        return requests.post(stack.base + "/api/webhook/missed-call", timeout=60, json={
            "From": phone, "To": firm.phone, "CallSid": secrets.token_hex(8)}).status_code

    with concurrent.futures.ThreadPoolExecutor(6) as pool:
        cron_runs = [pool.submit(post_cron, stack) for _ in range(3)]
        assert set(pool.map(call, phones)) == {200}
        assert {r.result()[0] for r in cron_runs} == {200}
    for phone, ticket_id in zip(phones, tickets):
        assert ticket(firm, ticket_id)["status"] == "NEW"
        kinds = [(e["event_type"], e["new_value"]) for e in firm.events(ticket_id)]
        after = kinds[kinds.index(("status_changed", "NEW")):]
        assert ("review_requested", None) not in after
        assert all(m["status"] != "queued" for m in requests_to(firm, phone))
    assert ask()["total"] == 0
