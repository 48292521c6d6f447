"""Who is believed: tokens, signatures, networks; and what is kept of those who are not"""

import base64
import concurrent.futures
import hashlib
import json
import os
import pathlib
import secrets
import subprocess
import urllib.parse
import uuid

import pytest

from tests.support import problems
from tests.support.processes import Processes
from tests.support.stack import Stack, Tenant, landline, mobile, wait_for

CALL = "/api/webhook/missed-call"
TEXT = "/api/webhook/sms-reply"
WEBHOOK_TOKEN = "installation-" + secrets.token_urlsafe(24)
AUTH_TOKEN = secrets.token_hex(16)
TESTS = pathlib.Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def live(private_dir):
    """An installation that believes nobody without a credential."""
    running = Stack.start(
        private_dir / "trust", WEBHOOK_TOKEN=WEBHOOK_TOKEN, TWILIO_AUTH_TOKEN=AUTH_TOKEN,
        WEBHOOK_NETWORKS="kannel=192.0.2.0/24 ecall=127.0.0.0/8,::1",
    )
    yield running
    running.stop()


@pytest.fixture(scope="module")
def firm(live):
    return live.tenant(daily_segments=100000)


def webhook_token(firm):
    return json.loads(firm.stack.command("token", "create", firm.slug, "--scope", "webhook", "--json").stdout)


@pytest.fixture(scope="module")
def token(firm):
    return webhook_token(firm)["token"]


@pytest.fixture(scope="module")
def sign():
    """Twilio's own package signs."""
    node = subprocess.Popen(
        ["node", TESTS / "support/twilio_sign.cjs"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        env=dict(os.environ, NODE_PATH=str(TESTS / "node_modules")),
    )

    def ask(url, params=None, body=None, auth_token=AUTH_TOKEN):
        asked = {"token": auth_token, "url": url, "params": params or {}}
        if body is not None:
            asked["body"] = body
        node.stdin.write(json.dumps(asked) + "\n")
        node.stdin.flush()
        return json.loads(node.stdout.readline())

    yield ask
    node.stdin.close()
    node.wait(60)


def call(firm, caller=None, **fields):
    form = {"from": caller or mobile(), "to": firm.phone, "status": "busy", "call_id": uuid.uuid4().hex}
    form.update(fields)
    return form


def twilio_call(firm, caller, **fields):
    form = {
        "AccountSid": "AC" + secrets.token_hex(16), "ApiVersion": "2010-04-01", "CallSid": "CA" + secrets.token_hex(16),
        "CallStatus": "no-answer", "Direction": "inbound", "From": caller, "To": firm.phone,
    }
    form.update(fields)
    return form


def twilio_text(firm, sender, body):
    return {
        "AccountSid": "AC" + secrets.token_hex(16), "ApiVersion": "2010-04-01", "MessageSid": "SM" + secrets.token_hex(16),
        "NumMedia": "0", "From": sender, "To": firm.sms_number, "Body": body,
    }


def post_signed(live, path, form, signature):
    return live.post(path, form=form, headers={"X-Twilio-Signature": signature})


def kept(stack, text):
    """What is in quarantine or unmatched and speaks of it."""
    return stack.sql("select * from inbound_events where customer_id is null and strpos(raw, %s) > 0", text)


def is_believed(firm, answer, caller):
    assert answer.status_code == 200, answer.text
    assert len(firm.tickets(caller)) == 1 and kept(firm.stack, caller) == []
    return True


def is_quarantined(firm, answer, caller, reason, route="missed_call"):
    """403, kept once with the reason, and nothing was done."""
    problems.check(answer, "unverified", route=route)
    (row,) = kept(firm.stack, caller)
    assert (row["verified"], row["outcome"], row["customer_id"]) == (False, reason, None)
    assert firm.tickets(caller) == [] and firm.outbound(caller) == []
    return json.loads(row["raw"])


# ---- tokens ------------------------------------------------------------------------------------


def test_a_firms_token_in_the_path(firm, token):
    caller = mobile()
    assert is_believed(firm, firm.stack.post(f"{CALL}/generic/{token}", form=call(firm, caller)), caller)
    wait_for(lambda: firm.stack.messages(caller), what="the text to the caller")


def test_the_installations_token_in_the_path(firm):
    caller = mobile()
    assert is_believed(firm, firm.stack.post(f"{CALL}/generic/{WEBHOOK_TOKEN}", form=call(firm, caller)), caller)


@pytest.mark.parametrize("user", ["opsfabric", "", "a b", "ü"])
def test_a_token_as_the_password_of_basic(firm, token, user):
    for secret in (token, WEBHOOK_TOKEN):
        caller = mobile()
        code = base64.b64encode(f"{user}:{secret}".encode()).decode()
        answer = firm.stack.post(CALL, form=call(firm, caller), headers={"Authorization": "Basic " + code})
        assert is_believed(firm, answer, caller)


def test_a_token_as_bearer(firm, token):
    for secret in (token, WEBHOOK_TOKEN):
        caller = mobile()
        assert is_believed(firm, firm.stack.post(CALL, form=call(firm, caller), token=secret), caller)


@pytest.mark.parametrize("authorization", [
    "Basic", "Basic ", "Basic =", "Basic !!!!", "Basic " + base64.b64encode(b"no colon").decode(),
    "Basic " + base64.b64encode(b"user:wrong").decode(), "Basic " + base64.b64encode(b"user:").decode(),
    "Basic " + base64.b64encode(b"user:" + WEBHOOK_TOKEN.encode() + b"\0").decode(),
    "Basic " + base64.b64encode(b"user:" + WEBHOOK_TOKEN.encode()).decode().rstrip("=") + "x", "Bearer", "Bearer wrong", "Digest x",
])
def test_what_is_no_token_opens_nothing(firm, authorization):
    caller = mobile()
    answer = firm.stack.post(CALL, form=call(firm, caller), headers={"Authorization": authorization})
    reason = "no_credential" if authorization.strip() in ("Basic", "Digest x") else "wrong_token"
    assert is_quarantined(firm, answer, caller, reason)


def test_without_a_credential_nobody_is_believed(firm):
    caller = mobile()
    raw = is_quarantined(firm, firm.stack.post(CALL, form=call(firm, caller)), caller, "no_credential")
    assert (raw["kind"], raw["dialect"], raw["method"], raw["client"]) == ("missed-call", "generic", "POST", "127.0.0.1")
    assert ["from", caller] in raw["fields"]


def test_a_text_is_not_believed_either(firm):
    sender = mobile()
    answer = firm.stack.post(TEXT, {"from": sender, "to": firm.sms_number, "text": "1"})
    assert is_quarantined(firm, answer, sender, "no_credential", "sms_reply")


def test_a_token_is_worth_its_own_firms_numbers_only(firm, token):
    other, caller = firm.stack.tenant(), mobile()
    answer = firm.stack.post(f"{CALL}/generic/{token}", form=call(other, caller))
    assert is_quarantined(other, answer, caller, "token_of_another")
    stray = call(firm, caller := mobile(), to=landline())
    assert is_quarantined(firm, firm.stack.post(f"{CALL}/generic/{token}", form=stray), caller, "token_of_another")


def test_a_token_for_the_api_reports_nothing(firm):
    caller = mobile()
    answer = firm.stack.post(f"{CALL}/generic/{firm.token}", form=call(firm, caller))
    assert is_quarantined(firm, answer, caller, "wrong_token")


def test_a_token_for_webhooks_opens_no_other_route(firm, token):
    answer = firm.stack.post("/api/ticket/status", {"ticket_id": str(uuid.uuid4()), "status": "DONE"}, token=token)
    problems.check(answer, "unauthorized", route="ticket_status")


def test_a_revoked_token_is_worth_nothing(firm):
    made, caller = webhook_token(firm), mobile()
    assert is_believed(firm, firm.stack.post(f"{CALL}/generic/{made['token']}", form=call(firm, caller)), caller)
    firm.stack.command("token", "revoke", made["id"])

    def refused():
        return firm.stack.post(f"{CALL}/generic/{made['token']}", form=call(firm, caller)).status_code == 403

    wait_for(refused, what="the revoked token being refused")


def test_without_a_number_the_token_tells_the_firm(firm, token):
    caller = mobile()
    assert is_believed(firm, firm.stack.post(f"{CALL}/generic/{token}", form=call(firm, caller, to="")), caller)
    answer = firm.stack.post(f"{CALL}/generic/{WEBHOOK_TOKEN}", form=call(firm, mobile(), to=""))
    problems.check(answer, "field-missing", "/To", route="missed_call")


def test_scopes_are_those_that_there_are(firm):
    out = firm.stack.command("token", "create", firm.slug, "--scope", "everything", check=False)
    assert out.returncode == 2 and "api or webhook" in out.stderr
    listed = json.loads(firm.stack.command("token", "list", firm.slug, "--json").stdout)
    assert "webhook" in json.dumps(listed)


# ---- numbers that are nobody's ----------------------------------------------------------------


def test_a_verified_call_to_nobody_is_kept_as_unmatched(firm):
    caller = mobile()
    for _ in range(2):
        answer = firm.stack.post(f"{CALL}/generic/{WEBHOOK_TOKEN}", form=call(firm, caller, to="+41445550000", call_id="x" + caller))
        problems.check(answer, "tenant-unknown", "/To", route="missed_call")
    (row,) = kept(firm.stack, caller)
    assert (row["verified"], row["outcome"]) == (True, "unmatched")


def test_an_unverified_call_to_nobody_is_quarantined(firm):
    caller = mobile()
    answer = firm.stack.post(CALL, form=call(firm, caller, to="+41445550000"))
    assert is_quarantined(firm, answer, caller, "no_credential")


# ---- Twilio's signature ------------------------------------------------------------------------


def test_a_signed_call_is_believed(firm, sign):
    for path in (CALL, CALL + "/twilio", CALL + "/twilio/"):
        caller = mobile()
        form = twilio_call(firm, caller)
        signed = sign(firm.stack.base + path, form)
        answer = post_signed(firm.stack, path, form, signed["signature"])
        assert answer.headers["Content-Type"].startswith("text/xml")
        assert is_believed(firm, answer, caller)


def test_a_signed_text_is_believed(firm, sign):
    sender = mobile()
    form = twilio_text(firm, sender, "1 – es läuft Wasser aus der Decke! 💧 +41 & = %")
    signed = sign(firm.stack.base + TEXT + "/twilio?t=a+b", form)
    answer = post_signed(firm.stack, TEXT + "/twilio?t=a+b", form, signed["signature"])
    assert is_believed(firm, answer, sender)
    (ticket,) = firm.tickets(sender)
    assert ticket["urgency"] == "HIGH"


def test_repeated_names_are_signed_each(firm, sign):
    caller = mobile()
    form = twilio_call(firm, caller, Extra=["2", "1", "2"])
    signed = sign(firm.stack.base + CALL, form)
    assert is_believed(firm, post_signed(firm.stack, CALL, form, signed["signature"]), caller)


def test_a_signed_get_is_believed(firm, sign):
    caller = mobile()
    query = urllib.parse.urlencode(twilio_call(firm, caller))
    path = f"{CALL}/twilio?{query}"
    signed = sign(firm.stack.base + path)
    answer = firm.stack.get(path, headers={"X-Twilio-Signature": signed["signature"]})
    assert is_believed(firm, answer, caller)


def test_a_signed_body_of_json_is_believed(firm, sign):
    caller = mobile()
    body = json.dumps(twilio_call(firm, caller))
    signed = sign(firm.stack.base + CALL + "/twilio", body=body)
    path = signed["url"][len(firm.stack.base):]
    headers = {"Content-Type": "application/json", "X-Twilio-Signature": signed["signature"]}
    assert is_believed(firm, firm.stack.post(path, form=body, headers=headers), caller)


@pytest.mark.parametrize("part", ["host", "path", "slash", "query", "value", "name", "added", "missing", "signature", "none", "token"])
def test_an_altered_form_is_quarantined(firm, sign, part):
    caller = mobile()
    form = twilio_call(firm, caller)
    url, path, auth_token = firm.stack.base + CALL + "/twilio?a=1", CALL + "/twilio?a=1", AUTH_TOKEN
    if part == "host":
        url = url.replace("127.0.0.1", "localhost")
    if part == "path":
        url = url.replace("missed-call", "sms-reply")
    if part == "slash":
        path = path.replace("twilio?", "twilio/?")
    if part == "query":
        path = path.replace("a=1", "a=2")
    if part == "token":
        auth_token = secrets.token_hex(16)
    signature = sign(url, form, auth_token=auth_token)["signature"]
    if part == "value":
        form["CallStatus"] = "busy"
    if part == "name":
        form["Direktion"] = form.pop("Direction")
    if part == "added":
        form["Digits"] = "1"
    if part == "missing":
        del form["ApiVersion"]
    if part == "signature":
        signature = signature[::-1]
    if part == "none":
        signature = ""
    answer = post_signed(firm.stack, path, form, signature)
    assert is_quarantined(firm, answer, caller, "no_credential" if part == "none" else "wrong_signature")


@pytest.mark.parametrize("part", ["body", "hash", "both", "no hash"])
def test_an_altered_body_is_quarantined(firm, sign, part):
    caller = mobile()
    body = json.dumps(twilio_call(firm, caller, CallStatus="completed"))
    signed = sign(firm.stack.base + CALL + "/twilio", body=body)
    path, other = signed["url"][len(firm.stack.base):], body.replace("completed", "busy")
    if part in ("body", "both"):
        body = other
    if part in ("hash", "both"):
        path = path.split("=")[0] + "=" + hashlib.sha256(other.encode()).hexdigest()
    if part == "no hash":
        path = path.split("?")[0]
        signed = sign(firm.stack.base + path)
    headers = {"Content-Type": "application/json", "X-Twilio-Signature": signed["signature"]}
    assert is_quarantined(firm, firm.stack.post(path, form=body, headers=headers), caller, "wrong_signature")


def test_the_scheme_is_that_of_the_configuration(firm, sign):
    caller = mobile()
    form = twilio_call(firm, caller)
    signed = sign(firm.stack.base.replace("http:", "https:") + CALL, form)
    answer = firm.stack.post(CALL, form=form, headers={
        "X-Twilio-Signature": signed["signature"], "X-Forwarded-Proto": "https", "Host": "other.example.ch",
    })
    assert is_quarantined(firm, answer, caller, "wrong_signature")


def test_a_signature_does_not_vouch_for_other_words(firm, sign):
    caller = mobile()
    form = twilio_call(firm, caller)
    signed = sign(firm.stack.base + CALL + "/generic", form)
    answer = post_signed(firm.stack, CALL + "/generic", form, signed["signature"])
    assert is_quarantined(firm, answer, caller, "no_credential")


def test_a_firms_own_account_at_twilio(firm, sign):
    """Its auth token counts for its numbers, beside the installation's, and for nobody else's."""
    own = firm.stack.tenant(daily_segments=100000)
    auth_token = secrets.token_hex(16)
    path = CALL + "/twilio"

    def called(whose, secret):
        caller = mobile()
        form = twilio_call(whose, caller)
        return post_signed(firm.stack, path, form, sign(firm.stack.base + path, form, auth_token=secret)["signature"]), caller

    def believed():
        answer, caller = called(own, auth_token)
        return answer.status_code == 200 and (answer, caller)

    assert called(own, auth_token)[0].status_code == 403
    firm.stack.command("secret", "set", own.slug, "twilio.auth_token", stdin=auth_token)
    # each worker remembers for five seconds that there was none
    assert is_believed(own, *wait_for(believed, what="the firm's own auth token being known"))
    assert is_believed(own, *called(own, AUTH_TOKEN))
    answer, caller = called(firm, auth_token)
    assert is_quarantined(firm, answer, caller, "wrong_signature")
    answer, caller = called(own, auth_token[::-1])
    assert is_quarantined(own, answer, caller, "wrong_signature")


# ---- networks ----------------------------------------------------------------------------------


def test_a_dialect_may_be_limited_to_networks(firm, token):
    sender = mobile()
    query = urllib.parse.urlencode({"from": sender, "to": firm.sms_number, "text": "1", "id": uuid.uuid4().hex})
    answer = firm.stack.get(f"{TEXT}/kannel/{token}?{query}", headers={"X-Forwarded-For": "192.0.2.1", "X-Real-IP": "192.0.2.1"})
    assert is_quarantined(firm, answer, sender, "foreign_network", "sms_reply")


def test_from_its_network_a_token_is_still_needed(firm, token):
    fields = {"AddressFrom": "00" + mobile()[1:], "AddressTo": firm.sms_number, "Message": "1", "TimeStamp": "26.11.2026 10:00:00"}
    query = urllib.parse.urlencode(fields)
    assert firm.stack.get(f"{TEXT}/ecall?{query}").status_code == 403
    assert firm.stack.get(f"{TEXT}/ecall/{token}?{query}").status_code == 200


# ---- what is kept ------------------------------------------------------------------------------


def test_a_credential_reaches_neither_the_log_nor_the_database(firm, token):
    caller, wrong = mobile(), "wrong-" + secrets.token_urlsafe(24)
    shown = [token, WEBHOOK_TOKEN, wrong]
    for secret in shown:
        firm.stack.post(f"{CALL}/generic/{secret}", form=call(firm, caller))
        firm.stack.post(f"{CALL}/{secret}", form=call(firm, caller))
        firm.stack.post(CALL, form=call(firm, caller), headers={
            "Authorization": "Basic " + base64.b64encode(f"x:{secret}".encode()).decode(),
        })
    log = firm.stack.state / "log"
    wait_for(lambda: (log / "access.log").read_text().count(f"{CALL}/generic/***") >= 3, what="the access log being written")
    for path in log.iterdir():
        if path.is_file():
            text = path.read_text(errors="replace")
            assert not any(secret in text for secret in shown), path
    rows = firm.stack.sql("select raw, answer::text from inbound_events where strpos(raw, %s) > 0", caller)
    assert len(rows) >= 3
    assert not any(secret in str(row) for secret in shown for row in rows)


def test_equal_forgeries_are_one_row(firm):
    form = call(firm, mobile())
    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda _: firm.stack.post(CALL, form=form).status_code, range(100)))
    assert answers == [403] * 100
    assert len(kept(firm.stack, form["from"])) == 1


def test_a_forged_id_does_not_swallow_the_real_call(firm, token):
    form = call(firm, mobile())
    assert firm.stack.post(CALL, form=form).status_code == 403
    answer = firm.stack.post(f"{CALL}/generic/{token}", form=form)
    assert answer.status_code == 200 and answer.json()["status"] == "queued"
    assert len(firm.tickets(form["from"])) == 1


def test_of_a_large_forgery_the_beginning_is_kept(firm):
    caller = mobile()
    answer = firm.stack.post(CALL, form=call(firm, caller, noise="ü" * 5_000))
    raw = is_quarantined(firm, answer, caller, "no_credential")
    assert "fields" not in raw and len(raw["begins"]) <= 1000 and caller in raw["begins"]


def test_an_hour_has_room_for_so_many(firm):
    def count():
        return firm.stack.one("select count(*) as n from inbound_events where not verified")["n"]

    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda _: firm.stack.post(CALL, form=call(firm)).status_code, range(400)))
    assert answers == [403] * 400
    # as many as were being counted at the same time may be above it
    assert 300 <= count() <= 320
    caller = mobile()
    assert firm.stack.post(CALL, form=call(firm, caller)).status_code == 403 and kept(firm.stack, caller) == []
    # and a real one is still taken, also one for nobody
    assert is_believed(firm, firm.stack.post(CALL, form=call(firm, caller), token=WEBHOOK_TOKEN), caller)
    caller = mobile()
    assert firm.stack.post(CALL, form=call(firm, caller, to="+41445550000"), token=WEBHOOK_TOKEN).status_code == 404
    assert len(kept(firm.stack, caller)) == 1


# ---- while Postgres is away --------------------------------------------------------------------


def test_peoplefone_is_told_503_only_where_nothing_can_wait(firm, token):
    """Any answer but 200 ends its subscription, and 200 for a call that is not kept would lose the call."""
    def notify(secret):
        caller = mobile()
        ended = {"callId": caller, "state": "terminated", "direction": "incoming", "remoteParty": {"identifier": caller}}
        answer = firm.stack.post(f"{CALL}/peoplefone/{secret}", {"action": "notify", "owner": {}, "calls": [ended]})
        return answer, caller

    processes = Processes(firm.stack)
    processes.wait_roster(firm.phone)
    firm.stack.close()
    processes.stop_database()
    try:
        kept = [notify(secret) for secret in (token, WEBHOOK_TOKEN)]
        assert [answer.status_code for answer, _ in kept] == [200, 200]
        # whom nobody knows by heart may be one of the last seconds
        problems.check(notify("wrong")[0], "try-again", route="missed_call")
        torn = firm.stack.post(f"{CALL}/peoplefone/wrong", form=b"{", headers={"Content-Type": "application/json"})
        problems.check(torn, "try-again", route="missed_call")
        # nothing has to be kept of it, and whose it is is known
        assert firm.stack.post(f"{CALL}/peoplefone/{WEBHOOK_TOKEN}", {"action": "keepAlive", "owner": {}}).status_code == 200
    finally:
        processes.start_database()
    processes.wait_spool()
    assert [len(firm.tickets(caller)) for _, caller in kept] == [1, 0]


# ---- cost --------------------------------------------------------------------------------------


def test_a_warm_request_is_one_round_trip(firm, token):
    """Verified by a firm's token: who it is, and which firm, is remembered for five seconds."""
    def trips(answer):
        return int(firm.stack.wait_line("missed_call", answer).split(" db ")[1].split()[0])

    seen = [trips(firm.stack.post(f"{CALL}/generic/{token}", form=call(firm))) for _ in range(12)]
    assert 1 in seen and sorted(seen)[len(seen) // 2] == 1, seen
