"""GET, POST /api/webhook/sms-status: what a provider says later moves a message forward, and only forward"""

import concurrent.futures
import itertools
import json
import random
import re
import uuid

import pytest

from tests.support import problems
from tests.support.stack import ROOT, mobile, wait_for

ROUTE = "sms_status"
# (dialect, word, what becomes of the message, in which words)
WORDS = re.findall(r'^RECEIPT\((\w+), "([^"]+)", (\w+), "([^"]+)"\)', (ROOT / "lib/receipt.def").read_text(), re.M)
NAMES = {"twilio": "MessageStatus", "ecall": "ResultCode", "kannel": "event", "generic": "status"}


@pytest.fixture(scope="module")
def firm(stack):
    return stack.tenant(daily_segments=100000)


@pytest.fixture(scope="module")
def other(stack):
    return stack.tenant()


@pytest.fixture(scope="module")
def ticket_of(firm):
    """A ticket whose messages have all left, to hang others on."""
    made = {}

    def make(of=firm):
        if of.slug not in made:
            phone = mobile()
            made[of.slug] = of.ticket(phone).json()["ticket_id"]
            wait_for(lambda: [m["status"] for m in of.outbound(phone)] == ["sent"], what="the confirmation")
        return made[of.slug]

    return make


@pytest.fixture
def message(firm, ticket_of):
    """message(status=..., provider=..., ...): an outbound row in that state, as a dispatcher would have left it."""
    def make(of=firm, status="sending", provider="ecall", provider_id=None, attempts=1, ticket=True):
        row = firm.stack.one(
            "insert into sms_log (id, customer_id, ticket_id, direction, from_number, to_number, body, provider, provider_id, status,"
            " reason, attempts, claimed_by, claimed_until, not_before, expires_at, status_at, created_at)"
            " values (gen_random_uuid(), %s, %s, 'outbound', '+41790000001', '+41791234567', 'x', %s, %s, %s, 'x', %s,"
            " gen_random_uuid(), now() + '1 day', now() + '1 hour', now() + '1 day', now(), now()) returning id",
            of.id, ticket_of(of) if ticket else None, provider, provider_id, status, attempts)
        return str(row["id"])

    return make


def row(stack, message_id):
    return stack.one("select * from sms_log where id = %s", message_id)


def history(stack, message_id):
    """The events of the message's ticket, of all its messages."""
    return [
        (e["event_type"], e["new_value"]) for e in stack.sql(
            "select e.* from ticket_events e join sms_log m on m.ticket_id = e.ticket_id where m.id = %s and e.event_type like 'sms\\_%%'"
            " order by e.seq", message_id)]


def kept(stack, text):
    """What is kept of receipts in which that text stands."""
    return stack.sql(
        "select * from inbound_events where provider like '%%\\_receipt' and (raw like %s or event_id like %s) order by received_at",
        f"%{text}%", f"%{text}%")


def get(stack, dialect, message_id, **fields):
    return stack.get(stack.receipt_path(dialect, message_id), params=fields)


# ---- words -------------------------------------------------------------------------------------


@pytest.mark.parametrize("dialect, word, becomes, means", WORDS)
def test_each_word_leads_where_the_table_says(stack, message, dialect, word, becomes, means):
    made = message(provider=dialect)
    before = history(stack, made)
    fields = {NAMES[dialect]: word.replace("*", "100").upper(), "ErrorCode": "77", "error": "Ünbekannt"}
    if dialect == "generic":
        answer = stack.post(stack.receipt_path(dialect, made), fields)
        assert answer.json() == {"status": "applied", "message": becomes.lower()}
    elif dialect == "twilio":
        answer = stack.post(stack.receipt_path(dialect, made), form=fields)
    else:
        answer = get(stack, dialect, made, **fields)
    assert answer.status_code == 200
    if dialect != "generic":
        assert (answer.content, answer.headers["Content-Length"]) == (b"", "0")
        assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    left = row(stack, made)
    if becomes == "NOTHING":
        assert (left["status"], history(stack, made)) == ("sending", before)
        return
    error = f"{means}: 77 Ünbekannt" if becomes == "FAILED" else None
    assert (left["status"], left["error"], left["claimed_by"]) == (becomes.lower(), error, None)
    assert history(stack, made) == [*before, (f"sms_{becomes.lower()}", error)]


@pytest.mark.parametrize("dialect", NAMES)
def test_the_page_lists_the_words(dialect):
    page = (ROOT / "docs/routes/sms_status.md").read_text()
    cells = re.search(rf"^\| `{dialect}` \|(.*)\|(.*)\|(.*)\|$", page, re.M).groups()
    listed = {(word, said) for said, cell in zip(("SENT", "DELIVERED", "FAILED"), cells) for word in re.findall(r"`([^`]+)`", cell)}
    assert listed == {(w, becomes) for d, w, becomes, _ in WORDS if d == dialect and becomes != "NOTHING"}


def test_an_unknown_word_changes_nothing_and_is_logged(stack, message):
    made = message()
    word = "w" + uuid.uuid4().hex[:8]
    assert get(stack, "ecall", made, ResultCode=word).status_code == 200
    assert row(stack, made)["status"] == "sending"
    log = stack.state / "log" / "sms_status.log"
    wait_for(lambda: f'a receipt of ecall says "{word}", which is not known' in log.read_text(), what="the line")


def test_reasons_are_cut_and_cleaned(stack, message):
    made = message()
    stack.post(stack.receipt_path("twilio", made), form={
        "MessageStatus": "failed", "ErrorCode": "3" * 100, "ErrorMessage": "a\tb\u0085c" + "é" * 1000})
    assert row(stack, made)["error"] == "failed: " + "3" * 20 + " " + ("a b c" + "é" * 1000)[:300]


# ---- a message on its way ----------------------------------------------------------------------


def test_what_left_is_delivered(stack, firm):
    phone = mobile()
    made = firm.ticket(phone).json()["ticket_id"]
    (sent,) = wait_for(lambda: [m for m in firm.outbound(phone) if m["status"] == "sent"], what="the confirmation")
    answer = stack.post(stack.receipt_path("twilio", sent["id"]), form={
        "MessageSid": "SM" + "0" * 32, "MessageStatus": "delivered", "To": phone, "From": firm.sms_number, "ApiVersion": "2010-04-01"})
    assert answer.status_code == 200
    left = row(stack, sent["id"])
    assert (left["status"], left["provider_id"]) == ("delivered", "SM" + "0" * 32)
    assert left["status_at"] > sent["status_at"]
    events = [e["event_type"] for e in firm.events(made)]
    assert events[-2:] == ["sms_sent", "sms_delivered"]


@pytest.mark.parametrize("status, attempts, words", [
    ("queued", 0, "---"), ("queued", 1, "sd-"), ("sending", 1, "sdf"), ("unknown", 1, "sdf"), ("sent", 1, "-df"), ("delivered", 1, "---"),
    ("failed", 1, "---"), ("expired", 1, "---"), ("suppressed", 1, "---"),
])
def test_it_only_moves_forward(stack, message, status, attempts, words):
    for said, moves in zip(("sent", "delivered", "failed"), words):
        made = message(status=status, attempts=attempts, provider="kannel")
        before = history(stack, made)
        answer = stack.post(stack.receipt_path("generic", made), {"status": said})
        after = said if moves != "-" else status
        assert answer.json() == {"status": "applied" if moves != "-" else "unchanged", "message": after}
        assert row(stack, made)["status"] == after
        assert len(history(stack, made)) - len(before) == (moves != "-")


@pytest.mark.parametrize("order", itertools.permutations(["queued", "sent", "delivered"]))
def test_late_early_twice_and_reversed(stack, message, order):
    made = message(provider="twilio")
    before = history(stack, made)
    for word in [*order, *reversed(order)]:
        assert stack.post(stack.receipt_path("twilio", made), form={"MessageStatus": word}).status_code == 200
    assert row(stack, made)["status"] == "delivered"
    assert [e for e, _ in history(stack, made)[len(before):]] == ["sms_sent", "sms_delivered"][order[0] == "delivered":]


def test_the_first_end_counts(stack, message):
    made = message(provider="kannel")
    for event in ("16", "1", "8"):
        assert get(stack, "kannel", made, event=event, said="NACK/0x0000000b/Invalid", provider_id="").status_code == 200
    left = row(stack, made)
    assert (left["status"], left["error"], left["provider_id"]) == (
        "failed", "rejected by the SMSC: NACK/0x0000000b/Invalid", None)


def test_two_hundred_copies_are_one(stack, message):
    made = message(provider="twilio", status="sent")
    before = history(stack, made)
    path = stack.receipt_path("twilio", made)
    words = ["delivered"] * 150 + ["sent"] * 50
    random.shuffle(words)
    with concurrent.futures.ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(lambda w: stack.post(path, form={"MessageStatus": w, "MessageSid": "SMx"}).status_code, words))
    assert set(answers) == {200}
    assert history(stack, made)[len(before):] == [("sms_delivered", None)]
    assert row(stack, made)["provider_id"] == "SMx"


def test_a_message_without_a_ticket_has_no_history(stack, message):
    made = message(ticket=False)
    assert get(stack, "ecall", made, ResultCode="0").status_code == 200
    assert row(stack, made)["status"] == "delivered"


def test_no_text_and_no_number_is_logged(stack, message):
    made = message(provider="kannel")
    assert get(stack, "kannel", made, event="2", said="SECRETWORD +41791234567").status_code == 200
    log = stack.state / "log" / "sms_status.log"
    (line,) = wait_for(lambda: [l for l in log.read_text().splitlines() if f"message {made}" in l], what="the line")
    assert "kannel says failed, it was sending" in line
    assert "SECRETWORD" not in log.read_text() and "791234567" not in log.read_text()


# ---- messages that are not there ---------------------------------------------------------------


def test_an_id_of_nobody_is_kept_once(stack):
    nobody = str(uuid.uuid4())
    for _ in range(3):
        answer = stack.post(stack.receipt_path("generic", nobody), {"status": "delivered"})
        assert answer.json() == {"status": "kept", "message": None}
    (event,) = kept(stack, nobody)
    assert (event["customer_id"], event["verified"], event["outcome"], event["provider"]) == (None, True, "unmatched", "generic_receipt")
    assert json.loads(event["raw"])["fields"] == {"status": "delivered"}


def test_a_text_that_came_in_has_no_receipts(stack, firm):
    sender = mobile()
    assert firm.text(sender, "Es tropft").status_code == 200
    received = stack.one("select id from sms_log where from_number = %s", sender)["id"]
    assert get(stack, "ecall", received, ResultCode="11100").status_code == 200
    assert row(stack, received)["status"] == "received"
    assert [e["outcome"] for e in kept(stack, str(received))] == ["unmatched"]


# ---- who is believed ---------------------------------------------------------------------------


def forged(stack, message_id, other_id):
    """Addresses that look like the message's own."""
    real = stack.receipt_path("generic", message_id)
    mac = real.split("/")[-1].split("?")[0]
    return [
        real.replace(mac, mac[:-1] + ("0" if mac[-1] != "0" else "1")),
        real.replace(mac, mac[:-1]),
        real.replace(mac, mac.upper()),
        real.replace(mac, "0" * 32),
        stack.receipt_path("generic", other_id).replace(str(other_id), message_id),
        real.replace(message_id, message_id.upper()),
    ]


def test_a_forged_address_changes_nothing_and_is_kept(stack, message):
    made, mine = message(), message()
    for path in forged(stack, made, mine):
        word = "f" + uuid.uuid4().hex
        answer = stack.post(path, {"status": "failed", "error": word})
        problems.check(answer, "unverified", route=ROUTE)
        (event,) = kept(stack, word)
        assert (event["customer_id"], event["verified"]) == (None, False)
        assert made.lower() in event["raw"].lower()
    assert row(stack, made)["status"] == "sending"


@pytest.fixture(scope="module")
def token(firm):
    return json.loads(firm.stack.command("token", "create", firm.slug, "--scope", "webhook", "--json").stdout)["token"]


def with_token(stack, token, dialect="generic", **fields):
    return stack.post(f"/api/webhook/sms-status/{dialect}/{token}", fields)


def test_a_firms_token_speaks_of_its_messages(stack, message, token):
    made, theirs = message(), "x" + uuid.uuid4().hex
    assert with_token(stack, token, id=made, status="sent").json() == {"status": "applied", "message": "sent"}
    message(provider_id=theirs, status="sent")
    answer = with_token(stack, token, provider_id=theirs, provider="ecall", status="delivered")
    assert answer.json() == {"status": "applied", "message": "delivered"}
    # eCall names our id where it was given one, and the account is a firm's.
    answer = stack.get(f"/api/webhook/sms-status/ecall/{token}", params={
        "Function": "Notification", "ResultCode": "11304", "ResultText": "Ungültig", "Number": "0041791234567",
        "TimeStamp": "26.11.2026 10:00:00", "JobID": made})
    assert (answer.status_code, answer.content) == (200, b"")
    assert row(stack, made)["error"] == "error: Ungültig"


def test_ecall_may_have_one_address_for_all_it_tells(stack, message, token):
    made = message(provider="ecall_https", status="unknown")
    told = {"Function": "Notification", "ResultCode": "0", "ResultText": "OK", "Number": "0041791234567", "JobID": made}
    answer = stack.get("/api/webhook/sms-reply/ecall/wrong", params=told)
    problems.check(answer, "unverified", route="sms_reply")
    assert row(stack, made)["status"] == "unknown"
    answer = stack.get(f"/api/webhook/sms-reply/ecall/{token}", params=told)
    assert (answer.status_code, answer.content) == (200, b"")
    assert row(stack, made)["status"] == "delivered"


def test_ecall_may_write_windows_1252(stack, message):
    made = message()
    assert stack.get(stack.receipt_path("ecall", made) + "&ResultCode=2&ResultText=Ung%FCltig").status_code == 200
    assert row(stack, made)["error"] == "error: Ungültig"


def test_a_firms_token_does_not_speak_of_anothers(stack, message, other, token):
    theirs = "x" + uuid.uuid4().hex
    foreign = message(of=other, provider_id=theirs)
    before = row(stack, foreign)
    assert with_token(stack, token, id=foreign, status="failed").json() == {"status": "kept", "message": None}
    assert with_token(stack, token, provider_id=theirs, provider="ecall", status="failed").json() == {"status": "kept", "message": None}
    assert row(stack, foreign) == before
    # Nor does what it said wait for the other firm's message.
    unborn, theirs = message(of=other), "x" + uuid.uuid4().hex
    assert with_token(stack, token, provider_id=theirs, provider="ecall", status="failed").json()["status"] == "kept"
    stack.sql("update sms_log set status = 'sent', provider_id = %s where id = %s", theirs, unborn)
    assert row(stack, unborn)["status"] == "sent"


def test_other_tokens_speak_of_nothing(stack, message, firm, other):
    made = message()
    for token in (firm.token, other.token, "ofk_" + "x" * 40, "%00", "x" * 5000):
        answer = with_token(stack, token, id=made, status="failed")
        assert answer.status_code in (400, 403), token
    assert row(stack, made)["status"] == "sending"


def test_one_that_is_faster_than_the_id_waits_for_it(stack, message, token):
    made, theirs = message(), "x" + uuid.uuid4().hex
    before = history(stack, made)
    for status in ("failed", "sent", "failed"):
        answer = with_token(stack, token, provider_id=theirs, provider="ecall", status=status, error="no such phone")
        assert answer.json() == {"status": "kept", "message": None}
    assert {e["outcome"] for e in kept(stack, theirs)} == {"parked"}
    stack.sql("update sms_log set status = 'sent', provider_id = %s where id = %s", theirs, made)
    assert row(stack, made)["status"] == "failed"
    assert history(stack, made)[len(before):] == [("sms_failed", "failed: no such phone")]
    assert [e["outcome"] for e in kept(stack, theirs)] == ["matched", "matched"]
    assert with_token(stack, token, provider_id=theirs, provider="ecall", status="delivered").json()["status"] == "unchanged"


# ---- hostile -----------------------------------------------------------------------------------


@pytest.mark.parametrize("query, slug", [
    ("event=%ff", "bad-text"), ("event=1&event=2", "bad-form"), ("event=1&id=x", "bad-form"), ("event=%00", "bad-form"),
    ("event=1&" + "&".join(f"a{i}=1" for i in range(1000)), "bad-form"), ("event=1&said=%c3%28", "bad-text"),
])
def test_a_broken_query(stack, message, query, slug):
    made = message()
    problems.check(stack.get(f"{stack.receipt_path('generic', made)}&{query}"), slug, route=ROUTE)
    assert row(stack, made)["status"] == "sending"


@pytest.mark.parametrize("raw, text", [
    ("stat:UNDELIV%20err:001%20text:D%F6rfler%20AG", "stat:UNDELIV err:001 text:Dörfler AG"),
    ("stat:UNDELIV%20text:%00D%00%F6%04%16", "stat:UNDELIV text: D ö  "), ("%00", None), ("%c3%28", "Ã("), ("d%c3%b6rfler", "dörfler"),
])
def test_kannel_passes_on_what_the_smsc_wrote(stack, message, raw, text):
    """A receipt of SMPP ends with the first bytes of the message, in whatever alphabet: it counts all the same."""
    for event, status, error in (("1", "delivered", None), ("2", "failed", "not delivered" + (f": {text.strip()}" if text else ""))):
        made = message(provider="kannel")
        answer = stack.get(f"{stack.receipt_path('kannel', made)}&event={event}&said={raw}&provider_id=x{made}")
        assert (answer.status_code, answer.text) == (200, "")
        left = row(stack, made)
        assert (left["status"], left["error"], left["provider_id"]) == (status, error, "x" + made)


def test_the_id_twice_in_the_address_of_a_post(stack, message):
    made = message()
    answer = stack.post(f"{stack.receipt_path('twilio', made)}&id={made}", form={"MessageStatus": "sent"})
    problems.check(answer, "bad-form", route=ROUTE)


def test_the_id_of_the_address_counts(stack, message):
    made, mine = message(), message()
    answer = stack.post(stack.receipt_path("generic", made), {"status": "delivered", "id": mine})
    assert answer.json() == {"status": "applied", "message": "delivered"}
    assert (row(stack, made)["status"], row(stack, mine)["status"]) == ("delivered", "sending")


def test_an_enormous_query(stack, message):
    made = message(provider="kannel")
    long = f"{stack.receipt_path('kannel', made)}&event=2&said="
    assert stack.session.get(stack.base + long + "x" * 9000).status_code == 414
    assert stack.session.get(stack.base + long + "x" * 7000).status_code == 200
    assert row(stack, made)["error"] == "not delivered: " + "x" * 300


@pytest.mark.parametrize("fields, slug, pointer", [
    ({}, "field-missing", "/MessageStatus"), ({"status": ""}, "field-missing", "/MessageStatus"), ({"status": {}}, "field-missing", "/MessageStatus"),
    ({"status": "sent", "provider_id": "x" * 201}, "field-too-long", "/MessageSid"),
])
def test_what_cannot_be_read(stack, message, fields, slug, pointer):
    problems.check(stack.post(stack.receipt_path("generic", message()), fields), slug, pointer, route=ROUTE)


def test_no_id_at_all(stack):
    answer = stack.get("/api/webhook/sms-status/kannel/" + "0" * 32, params={"event": "1"})
    problems.check(answer, "field-missing", "/id", route=ROUTE)


def test_other_bodies(stack, message):
    path = stack.receipt_path("generic", message())
    problems.check(stack.request("POST", path), "media-type", route=ROUTE)
    problems.check(stack.post(path, form={}, headers={"Content-Type": "text/plain"}), "media-type", route=ROUTE)
    for body, slug in ((b"[]", "bad-json"), (b'{"status": "sent", "status": "failed"}', "bad-json"), (b'{"status": "\xff"}', "bad-text")):
        answer = stack.request("POST", path, data=body, headers={"Content-Type": "application/json"})
        problems.check(answer, slug, route=ROUTE)
    answer = stack.request("POST", path, data=b"x" * 65537, headers={"Content-Type": "application/json"})
    problems.check(answer, "too-large", route=ROUTE)


def test_a_dialect_that_there_is_not(stack, message):
    made = message()
    problems.check(stack.post(stack.receipt_path("smpp", made), {"status": "sent"}), "not-found", route=ROUTE)
    problems.check(stack.get("/api/webhook/sms-status"), "not-found")
    assert stack.request("HEAD", stack.receipt_path("smpp", made)).status_code == 404


def test_head_does_nothing(stack, message):
    made = message(provider="kannel")
    answer = stack.request("HEAD", stack.receipt_path("kannel", made) + "&event=1")
    assert (answer.status_code, row(stack, made)["status"]) == (200, "sending")
    problems.check(stack.request("PUT", stack.receipt_path("kannel", made)), "method-not-allowed", route=ROUTE)
