"""What no caller should send: each gets a problem document, and changes nothing"""

import http.client
import json
import re
import socket
import uuid

import pytest

from tests.support import problems
from tests.support.stack import mobile, wait_for

JSON = "application/json"
FORM = "application/x-www-form-urlencoded"
BODIED = {
    "ticket": "/api/ticket",
    "ticket_status": "/api/ticket/status",
    "missed_call": "/api/webhook/missed-call",
    "sms_reply": "/api/webhook/sms-reply",
}
LARGEST = {"ticket_status": 16 * 1024}
CRON = "/api/cron/review-request"
POSTS = list(BODIED.values()) + [CRON]
# What messages cost and when a token was used last is written in its own time.
TABLES = [
    "tenant_addresses", "secrets", "contacts", "tickets", "ticket_events", "appointments", "review_links", "consents",
    "alerts", "sms_log",
    "inbound_events",
]


@pytest.fixture(scope="module")
def firm(stack):
    made = stack.tenant(daily_segments=100000)
    made.token
    made.ticket_id = made.ticket().json()["ticket_id"]
    made.seen = None, None
    return made


class Content:
    """All rows of the firm, and those of no firm, once nothing is on its way any more."""

    def __init__(self, firm):
        self.firm = firm
        wait_for(lambda: firm.stack.sql(
            "select 1 from sms_log where customer_id = %s and status in ('queued', 'sending') limit 1", firm.id) == [],
            what="the firm's messages to leave")
        self.before = self.rows()

    def rows(self):
        """They are as they were if no transaction has written since: then the snapshot is the same."""
        snapshot = self.firm.stack.one("select pg_current_snapshot()::text as now")["now"]
        if self.firm.seen[0] != snapshot:
            self.firm.seen = snapshot, self.read()
        return self.firm.seen[1]

    def read(self):
        query = " union all ".join(
            f"select '{t}' as name, count(*) as rows, md5(string_agg(x::text, ' ' order by x::text)) as hash from {t} x"
            " where customer_id = %s or customer_id is null" for t in TABLES)
        return {r["name"]: (r["rows"], r["hash"]) for r in self.firm.stack.sql(query, *[self.firm.id] * len(TABLES))}

    def check(self):
        changed = {name: (was, now) for (name, was), now in zip(self.before.items(), self.rows().values()) if was != now}
        assert changed == {}


@pytest.fixture
def content(firm):
    """Fails the test that changes anything."""
    kept = Content(firm)
    yield kept
    kept.check()


def valid(firm, route):
    """A request that would be taken."""
    return {
        "ticket": {"customer_slug": firm.slug, "contact_phone": mobile(), "summary": "Der Boiler tropft."},
        "ticket_status": {"ticket_id": firm.ticket_id, "status": "NEEDS_CALLBACK"},
        "missed_call": {"To": firm.phone, "From": mobile(), "CallStatus": "no-answer", "CallSid": uuid.uuid4().hex},
        "sms_reply": {"To": firm.sms_number, "From": mobile(), "Body": "Es tropft", "MessageSid": uuid.uuid4().hex},
    }[route]


def send(firm, route, body, kind=JSON, **headers):
    if kind is not None:
        headers["Content-Type"] = kind
    return firm.stack.request(
        "POST", BODIED[route], data=body, headers={**headers, "Authorization": f"Bearer {firm.token}"}
        if route == "ticket_status" else headers)


def with_text(firm, route, text):
    """The JSON of a valid request, with bytes put behind its first brace."""
    return json.dumps(valid(firm, route)).encode().replace(b"{", b"{" + text, 1)


# ---- JSON --------------------------------------------------------------------------------------

NOT_TEXT = {
    "a lone byte": b'"x":"\xff",',
    "latin-1": b'"x":"Z\xfcrich",',
    "overlong": b'"x":"\xc0\xaf",',
    "overlong NUL": b'"x":"\xc0\x80",',
    "a surrogate": b'"x":"\xed\xa0\x80",',
    "above Unicode": b'"x":"\xf4\x90\x80\x80",',
    "cut off": b'"x":"\xe2\x82",',
    "in a name": b'"\xff":1,',
    "NUL": b'"x":"a\0b",',
    "NUL between": b'\0',
    "UTF-16": "\ufeff{}".encode("utf-16"),
}
NOT_JSON = {
    "an escaped NUL": b'"x":"a\\u0000b",',
    "an escaped NUL in a name": b'"a\\u0000b":1,',
    "a name twice": b'"x":1,"x":2,',
    "a name twice, once escaped": b'"x":1,"\\u0078":2,',
    "a name twice within": b'"x":{"y":1,"y":1},',
    "a lone high surrogate": b'"x":"\\ud800",',
    "a lone low surrogate": b'"x":"\\udc00",',
    "surrogates reversed": b'"x":"\\udc00\\ud800",',
    "half an escape": b'"x":"\\u12",',
    "no escape": b'"x":"\\q",',
    "a control character": b'"x":"a\x01b",',
    "a line break": b'"x":"a\nb",',
    "a bare word": b'"x":undefined,',
    "NaN": b'"x":NaN,',
    "Infinity": b'"x":-Infinity,',
    "a single quote": b"'x':1,",
    "no quote": b"x:1,",
    "no comma": b'"x":1 ',
    "two commas": b'"x":1,,',
    "no value": b'"x":,',
    "a comment": b'/* x */',
    "a plus sign": b'"x":+1,',
    "hexadecimal": b'"x":0x10,',
    "a leading zero": b'"x":01,',
    "no digit after the point": b'"x":1.,',
    "no digit in the exponent": b'"x":1e,',
    "a control character between": b'\x01',
    "a vertical tab between": b'\x0b',
    "a no-break space between": "\u00a0".encode(),
    "10,000 levels": b'"x":' + b"[" * 10000 + b"]" * 10000 + b",",
    "10,000 objects": b'"x":' + b'{"a":' * 10000 + b"1" + b"}" * 10000 + b",",
    "10,000 levels without an end": b'"x":' + b"[" * 10000,
    "17 levels": b'"x":' + b"[" * 16 + b"]" * 16 + b",",
    "60 KB of zeros": b'"x":[' + b"0," * 30000 + b"0],",
    "1,100 names": b"".join(b'"n%d":1,' % n for n in range(1100)),
}


@pytest.mark.parametrize("route", BODIED)
@pytest.mark.parametrize("text", NOT_TEXT.values(), ids=NOT_TEXT)
def test_json_that_is_not_text(firm, content, route, text):
    problems.check(send(firm, route, with_text(firm, route, text)), "bad-text", route=route)


@pytest.mark.parametrize("route", BODIED)
@pytest.mark.parametrize("text", NOT_JSON.values(), ids=NOT_JSON)
def test_json_that_is_none(firm, content, route, text):
    body = with_text(firm, route, text)
    too_large = len(body) > LARGEST.get(route, 64 * 1024)
    problems.check(send(firm, route, body), "too-large" if too_large else "bad-json", route=route)


@pytest.mark.parametrize("route", BODIED)
@pytest.mark.parametrize("body", [
    b"", b" ", b"\n\n", b"null", b"true", b"0", b'"text"', b"[]", b"[{}]", b"{", b"}", b"{}}", b"{}{}", b"{} x", b"{},",
    b"[" * 15000, b"[" + b"0," * 7500 + b"0]", b'{"a":1', b"<xml/>", b"a=b&c=d", b"\xef\xbb\xbf", b'"' + b"a" * 15000,
    b"-", b"1" * 15000, b"\\", b"{\"a\":\"\\", b"{\"",
])
def test_a_body_that_is_no_object(firm, content, route, body):
    problems.check(send(firm, route, body), "bad-json", route=route)


# ---- forms -------------------------------------------------------------------------------------


def encoded(fields):
    return "&".join(f"{k}={requests_quote(v)}" for k, v in fields.items()).encode()


def requests_quote(text):
    return "".join(c if c.isalnum() and c.isascii() else "".join(f"%{b:02X}" for b in c.encode()) for c in text)


@pytest.mark.parametrize("route", BODIED)
@pytest.mark.parametrize("text, slug", [
    (b"x=%ff", "bad-text"), (b"x=\xff", "bad-text"), (b"x=%c0%af", "bad-text"), (b"x=%ed%a0%80", "bad-text"),
    (b"%ff=x", "bad-text"),
    (b"x=%00", "bad-form"), (b"x=a%00b", "bad-form"), (b"x=\0", "bad-form"), (b"%00=x", "bad-form"), (b"\0", "bad-form"),
    (b"&" * 1001, "bad-form"), (b"&".join(b"x%d=y" % n for n in range(1100)), "bad-form"),
], ids=lambda v: v if isinstance(v, str) else v[:12].decode("latin-1").replace("\0", "NUL"))
def test_a_form_that_is_none(firm, content, route, text, slug):
    problems.check(send(firm, route, encoded(valid(firm, route)) + b"&" + text, FORM), slug, route=route)


@pytest.mark.parametrize("route, field", [
    ("ticket", "contact_phone"), ("ticket_status", "status"), ("missed_call", "To"), ("sms_reply", "Body"),
])
def test_a_form_with_a_field_twice(firm, content, route, field):
    problems.check(send(firm, route, encoded(valid(firm, route)) + f"&{field}=x".encode(), FORM), "bad-form", route=route)


@pytest.mark.parametrize("route", BODIED)
@pytest.mark.parametrize("body", [b"", b"&", b"=", b"=x", b"%", b"%zz=%zz", b"a" * 15000, b"a=" + b"+" * 15000, b"{}"])
def test_a_form_that_says_nothing(firm, content, route, body):
    answer = send(firm, route, body, FORM)
    assert answer.status_code == 422
    pointer = {"ticket": "/customer_slug", "ticket_status": "/ticket_id", "missed_call": "/To", "sms_reply": "/To"}[route]
    problems.check(answer, "field-missing", pointer, route)


# ---- wrong types -------------------------------------------------------------------------------

# Fields that a person or a program can correct; webhooks are read as they come, below.
FIELDS = {
    "ticket": ["customer_slug", "source", "intent", "urgency", "contact_name", "contact_phone", "contact_email", "summary", "language"],
    "ticket_status": ["ticket_id", "status", "old_status", "starts_at", "ends_at", "who"],
}
WEBHOOK_FIELDS = {
    "missed_call": ["From", "CallStatus", "DialCallStatus", "CallSid"],
    "sms_reply": ["From", "Body", "MessageSid"],
}
NUMBERS = ["1712345678901234567890", "-0.12345678901234567", "1e99", "1E-300", "1e999", "9007199254740991", "1" * 1000]


@pytest.mark.parametrize("route, field", [(r, f) for r, fields in FIELDS.items() for f in fields])
def test_a_field_of_another_type(firm, content, route, field):
    for value in (0, 41791234567, 1.5, True, False, [], ["x"], {}, {"x": "y"}):
        answer = firm.stack.post(BODIED[route], {**valid(firm, route), field: value}, token=firm.token if route == "ticket_status" else None)
        problems.check(answer, "field-invalid", f"/{field}", route)


@pytest.mark.parametrize("route, field", [(r, f) for r, fields in WEBHOOK_FIELDS.items() for f in fields])
def test_a_webhook_is_taken_whatever_the_type_of_a_field(firm, route, field):
    for value in (0, 41791234567, 1.5, 1e300, True, False, None, [], ["x"], {}, {"x": "y"}):
        answer = firm.stack.post(BODIED[route], {**valid(firm, route), field: value})
        assert answer.status_code == 200, (value, answer.text)


@pytest.mark.parametrize("route", WEBHOOK_FIELDS)
def test_a_webhook_to_no_number_is_refused(firm, content, route):
    for value in (True, [], {}, "", " ", None, 1.5):
        answer = firm.stack.post(BODIED[route], {**valid(firm, route), "To": value})
        problems.check(answer, "field-missing", "/To", route)


@pytest.mark.parametrize("route", BODIED)
@pytest.mark.parametrize("number", NUMBERS)
def test_a_number_that_nobody_reads_may_be_any(firm, route, number):
    answer = send(firm, route, with_text(firm, route, b'"ts":%s,' % number.encode()))
    # The ticket of the firm moves once.
    assert answer.status_code in ((200, 409) if route == "ticket_status" else (200, 201)), answer.text


@pytest.mark.parametrize("field", ["contact_name", "intent", "summary"])
def test_control_characters_do_not_get_in(firm, field):
    said = "A\x1b[31m\x7f\u0085\u009bB\r\nX:\ty"
    phone = mobile()
    assert firm.ticket(phone, **{field: said}).status_code == 201
    (ticket,) = firm.tickets(phone)
    assert ticket[field] == ("A [31m   B\nX:\ty" if field == "summary" else "A [31m   B  X: y")


# ---- kinds of body -----------------------------------------------------------------------------


@pytest.mark.parametrize("route", BODIED)
@pytest.mark.parametrize("kind", [
    None, "", "text/plain", "text/json", "application/jsonx", "application/json+x", "application/xml",
    "multipart/form-data; boundary=x",
    "application/x-www-form-urlencoded2", "application", ";", "json", "\xff", "a" * 4000,
])
def test_a_body_of_another_kind(firm, content, route, kind):
    headers = {} if kind is None else {"Content-Type": kind.encode("latin-1")}
    body = json.dumps(valid(firm, route)).encode()
    answer = exchange(firm, head("POST", BODIED[route], firm, {**headers, "Content-Length": len(body)}) + body)
    problems.check(answer, "media-type", route=route)


@pytest.mark.parametrize("kind", ["application/json; charset=utf-8", "Application/JSON", "application/json;x=y"])
def test_parameters_and_capitals_are_fine(firm, kind):
    body = json.dumps(valid(firm, "ticket")).encode()
    assert send(firm, "ticket", body, kind).status_code == 201


@pytest.mark.parametrize("path", POSTS)
def test_a_body_that_is_too_large(firm, content, path):
    token = firm.stack.env["CRON_SECRET"] if path == CRON else firm.token
    headers = {"Content-Type": JSON, "Authorization": f"Bearer {token}"}
    answer = firm.stack.request("POST", path, data=b"1" * 1_000_000, headers=headers)
    problems.check(answer, "too-large")


@pytest.mark.parametrize("route", BODIED)
def test_a_body_that_is_a_little_too_large(firm, content, route):
    most = LARGEST.get(route, 64 * 1024)
    body = json.dumps(valid(firm, route)).encode()
    answer = send(firm, route, body + b" " * (most - len(body) + 1))
    assert str(most) in problems.check(answer, "too-large", route=route)["detail"]


def test_the_largest_body_is_taken(firm):
    body = json.dumps(valid(firm, "ticket")).encode()
    assert send(firm, "ticket", body + b" " * (64 * 1024 - len(body))).status_code == 201


# ---- the connection ----------------------------------------------------------------------------


def head(method, path, firm, headers, version=b"HTTP/1.1"):
    lines = [method.encode() + b" " + (path if isinstance(path, bytes) else path.encode()) + b" " + version,
             b"Host: 127.0.0.1", b"Connection: close"]
    if path == BODIED["ticket_status"]:
        lines.append(f"Authorization: Bearer {firm.token}".encode())
    for name, value in headers.items():
        lines.append(name.encode() + b": " + (value if isinstance(value, bytes) else str(value).encode()))
    return b"\r\n".join(lines) + b"\r\n\r\n"


class Answer:
    """Of a raw exchange, as far as problems.check() looks at it."""

    def __init__(self, response):
        self.status_code, self.headers = response.status, response.headers
        self.content = response.read()
        self.text = self.content.decode()

    def json(self):
        return json.loads(self.text)


def exchange(firm, request, hang_up=False):
    """Sends bytes; the answer, or None if the connection was closed without one."""
    host, port = firm.stack.base.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=40) as connection:
        connection.sendall(request)
        if hang_up:
            connection.shutdown(socket.SHUT_WR)
        response = http.client.HTTPResponse(connection, method=request.split(b" ")[0].decode("latin-1"))
        try:
            response.begin()
        except (http.client.BadStatusLine, ConnectionResetError):
            return None
        return Answer(response)


@pytest.mark.parametrize("route", BODIED)
def test_no_body_at_all(firm, content, route):
    answer = exchange(firm, head("POST", BODIED[route], firm, {"Content-Type": JSON}))
    problems.check(answer, "length-required", route=route)


@pytest.mark.parametrize("route", BODIED)
@pytest.mark.parametrize("length", [b"-1", b"abc", b"1e3", b"+5", b"0x10", b"5, 5", b"99999999999999999999", b"\xff", b""])
def test_a_length_that_is_none(firm, content, route, length):
    answer = exchange(firm, head("POST", BODIED[route], firm, {"Content-Type": JSON, "Content-Length": length}) + b"{}")
    assert answer.status_code in (400, 411)
    problems.check(answer, "length-required" if answer.status_code == 411 else "bad-request")


@pytest.mark.parametrize("route", BODIED)
def test_a_body_shorter_than_it_says(firm, content, route):
    """Who hangs up in the middle gets no answer, and nothing is done."""
    body = json.dumps(valid(firm, route)).encode()
    request = head("POST", BODIED[route], firm, {"Content-Type": JSON, "Content-Length": len(body) + 10}) + body
    answer = exchange(firm, request, hang_up=True)
    assert answer is None or answer.status_code == 400


@pytest.mark.parametrize("route", BODIED)
def test_a_body_longer_than_it_says(firm, content, route):
    body = json.dumps(valid(firm, route)).encode()
    answer = exchange(firm, head("POST", BODIED[route], firm, {"Content-Type": JSON, "Content-Length": len(body) - 1}) + body)
    problems.check(answer, "bad-json", route=route)


@pytest.mark.parametrize("headers", [
    [("Content-Length", "2"), ("Content-Length", "3")], [("Content-Length", "2"), ("Transfer-Encoding", "chunked")],
    [("Transfer-Encoding", "gzip")], [("Transfer-Encoding", "chunked, chunked")],
])
@pytest.mark.parametrize("route", BODIED)
def test_two_lengths(firm, content, route, headers):
    lines = "".join(f"{k}: {v}\r\n" for k, v in headers).encode()
    request = head("POST", BODIED[route], firm, {"Content-Type": JSON})[:-2] + lines + b"\r\n{}"
    answer = exchange(firm, request)
    assert answer.status_code in (400, 501)
    problems.check(answer, "bad-request")


def chunks(body, size=7):
    parts = [body[i:i + size] for i in range(0, len(body), size)]
    return b"".join(b"%x\r\n%s\r\n" % (len(p), p) for p in parts) + b"0\r\n\r\n"


def test_a_body_in_chunks_is_a_body(firm):
    body = json.dumps(valid(firm, "ticket")).encode()
    answer = exchange(firm, head("POST", "/api/ticket", firm, {"Content-Type": JSON, "Transfer-Encoding": "chunked"}) + chunks(body))
    assert answer.status_code == 201


@pytest.mark.parametrize("route", BODIED)
@pytest.mark.parametrize("body, slug", [
    (b"zz\r\n{}\r\n0\r\n\r\n", "bad-request"), (b"-1\r\n{}\r\n0\r\n\r\n", "bad-request"),
    (b"ffffffffffffffffff\r\n{}\r\n", "bad-request"), (chunks(b"[]"), "bad-json"), (chunks(b"{"), "bad-json"),
    (chunks(b" " * 100_000, 10_000), "too-large"),
], ids=["no number", "negative", "huge", "no object", "half", "large"])
def test_chunks_that_are_none(firm, content, route, body, slug):
    answer = exchange(firm, head("POST", BODIED[route], firm, {"Content-Type": JSON, "Transfer-Encoding": "chunked"}) + body)
    problems.check(answer, slug)


# ---- methods -----------------------------------------------------------------------------------


@pytest.mark.parametrize("path, method", [
    (path, method) for path in POSTS for method in ("GET", "PUT", "PATCH", "DELETE", "OPTIONS", "HEAD", "FOO")
    if not (path.startswith("/api/webhook/") and method in ("GET", "HEAD"))
])
def test_a_method_that_is_not_there(firm, content, path, method):
    token = firm.stack.env["CRON_SECRET"] if path == CRON else firm.token
    answer = firm.stack.request(method, path, headers={"Authorization": f"Bearer {token}"})
    assert answer.headers["Allow"] == ("GET,POST, HEAD" if path.startswith("/api/webhook/") else "POST")
    if method == "HEAD":
        assert (answer.status_code, answer.content) == (405, b"")
        return
    problems.check(answer, "method-not-allowed", route="review_request" if path == CRON else None)


@pytest.mark.parametrize("path", POSTS)
@pytest.mark.parametrize("method", ["TRACE", "CONNECT", "post", "P\xd6ST", "", "POST\tX"])
def test_a_method_that_nginx_refuses(firm, content, path, method):
    answer = exchange(firm, head(method, path, firm, {}).decode("latin-1").encode("latin-1"))
    assert answer.status_code in (400, 405)
    problems.check(answer, "method-not-allowed" if answer.status_code == 405 else "bad-request")


# ---- cron --------------------------------------------------------------------------------------


@pytest.mark.parametrize("body, kind", [
    (b"", None), (b"\xff\0", JSON), (b"{", JSON), (b"[" * 10000, JSON), (b"x=%00", FORM), (b"<x/>", "text/xml"),
    (b"x" * 60000, "image/png"),
])
def test_the_body_of_a_cron_route_is_not_looked_at(firm, content, body, kind):
    headers = {"Authorization": f"Bearer {firm.stack.env['CRON_SECRET']}"}
    if kind:
        headers["Content-Type"] = kind
    answer = firm.stack.request("POST", CRON, data=body, headers=headers)
    assert answer.status_code == 200


@pytest.mark.parametrize("value", [
    None, b"", b"Bearer", b"Bearer ", b"Bearer x", b"bearer", b"Basic eDp5", b"\xff", b"Bearer \xff\xfe",
    b"Bearer " + b"x" * 7000,
])
@pytest.mark.parametrize("method", ["POST", "GET", "PUT"])
def test_without_the_secret_nothing_is_said(firm, content, method, value):
    headers = {} if value is None else {"Authorization": value}
    answer = exchange(firm, head(method, CRON, firm, {**headers, "Content-Length": 0}))
    problems.check(answer, "unauthorized", route="review_request")
    assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_part_of_the_secret_is_not_enough(firm, content):
    secret = firm.stack.env["CRON_SECRET"]
    for wrong in (secret[:-1], secret + "x", secret.swapcase(), secret[::-1]):
        problems.check(firm.stack.post(CRON, token=wrong), "unauthorized", route="review_request")
    problems.check(firm.stack.post(CRON, headers={"Authorization": secret}), "unauthorized")
    problems.check(firm.stack.post(CRON + "?token=" + secret), "unauthorized")


# ---- headers -----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["User-Agent", "Cookie", "Accept-Language", "X-Forwarded-For", "X-Request-Id", "Referer", "Purpose"])
@pytest.mark.parametrize("value", [b"\xff\xfe\x80", "Zürich 💧".encode(), b"x" * 7000, b"() { :; }; true", b"%00%0d%0a'\"<>"])
def test_headers_that_mean_nothing_here(firm, name, value):
    body = json.dumps(valid(firm, "ticket")).encode()
    answer = exchange(firm, head("POST", "/api/ticket", firm, {"Content-Type": JSON, "Content-Length": len(body), name: value}) + body)
    assert answer.status_code == 201
    assert re.fullmatch("[0-9a-f]{32}", answer.headers["X-Request-Id"])


@pytest.mark.parametrize("headers, slug", [
    ({"Authorization": b"Bearer \xff\xfe"}, "unauthorized"), ({"Authorization": b"Bearer " + b"x" * 7000}, "unauthorized"),
    ({"Authorization": b"Bearer ofk_' or '1'='1"}, "unauthorized"),
    ({"Idempotency-Key": b"\xff\xfe"}, "field-invalid"), ({"Idempotency-Key": "schlüssel".encode()}, "field-invalid"),
    ({"Idempotency-Key": b"x" * 7000}, "field-too-long"), ({"Idempotency-Key": b"x" * 10240}, "bad-request"),
    ({"X-Long": b"x" * 40000}, "bad-request"), ({"Authorization": b"Bearer " + b"x" * 40000}, "bad-request"),
    ({"X-NUL": b"a\0b"}, "bad-request"),
], ids=lambda v: v if isinstance(v, str) else "-".join(f"{k}-{len(x)}" for k, x in v.items()))
def test_headers_that_are_refused(firm, content, headers, slug):
    body = json.dumps(valid(firm, "ticket")).encode()
    answer = exchange(firm, head("POST", "/api/ticket", firm, {"Content-Type": JSON, "Content-Length": len(body), **headers}) + body)
    problems.check(answer, slug)


def test_many_headers(firm, content):
    headers = {f"X-{n}": "x" * 100 for n in range(2000)}
    problems.check(exchange(firm, head("POST", "/api/ticket", firm, headers)), "bad-request")


@pytest.mark.parametrize("request_", [
    b"\r\n\r\n", b"GET\r\n\r\n", b"GET /api/ticket HTTP/9.9\r\nHost: x\r\n\r\n", b"POST /api/ticket HTTP/1.1\r\n\r\n",
    b"\x16\x03\x01\x02\x00\x01\x00\x01",
    b"POST /api/ticket HTTP/1.1\r\nHost: \xff\r\n\r\n", b"POST /api/ticket HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
    b"POST  /api/ticket HTTP/1.1\r\nHost: x\r\nno colon\r\n\r\n" + b"x" * 100,
])
def test_what_is_not_http(firm, content, request_):
    answer = exchange(firm, request_, hang_up=True)
    assert answer is None or answer.status_code in (400, 405, 411, 415, 505), answer.text


# ---- addresses ---------------------------------------------------------------------------------


@pytest.mark.parametrize("path, status", [
    ("/api/", 404), ("/api/ticket/", 404), ("/api/ticket/x", 404), ("/api/ticketx", 404), ("/api/Ticket", 404),
    ("/api/ticket;x=1", 404), ("/api/ticket%20", 404), ("/api/ticket%2f", 404), ("/api/ticket%00", 400),
    ("/api/ticket%", 400), ("/api/ticket%zz", 400),
    ("/api/ticket%0a", 404), ("/api/ticket\\", 404), ("/api/ticket.php", 404), ("/api/ticket/status/", 404),
    ("/api/ticket/%2e%2e/x", 404),
    ("/api/cron/../nothing", 404), ("/api/webhook/", 404), ("/api/webhook/missed-call/..%2fx", 404),
    ("/api/.error/problem", 404),
    ("/api/\xff", 404), ("/api/%ff%fe", 404), ("/api/" + "x" * 4000, 404), ("/api/" + "%2e/" * 1000 + "x", 404),
    ("/api/ticket?" + "x" * 9000, 414),
    ("/api/" + "x" * 9000, 414),
], ids=lambda v: repr(v[:40]) if isinstance(v, str) else None)
def test_addresses_under_api_that_lead_nowhere(firm, content, path, status):
    body = json.dumps(valid(firm, "ticket")).encode()
    request = head("POST", path.encode("latin-1"), firm, {"Content-Type": JSON, "Content-Length": len(body)})
    answer = exchange(firm, request + body)
    assert answer.status_code == status, answer.text
    if status == 414:
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert answer.json()["type"] == problems.TYPE + "address-too-long"
        return
    problems.check(answer, {400: "bad-request", 404: "not-found"}[status])


@pytest.mark.parametrize("path", [
    "/api//ticket", "/api/./ticket", "/api/x/../ticket", "/api/%74icket", "/api/ticket?a=b%00", "/api/ticket#x",
    "http://evil.example/api/ticket",
    "//api/ticket",
])
def test_other_spellings_of_an_address(firm, path):
    """nginx makes them one before it looks for a route: the request is taken, by that route."""
    body = json.dumps(valid(firm, "ticket")).encode()
    answer = exchange(firm, head("POST", path, firm, {"Content-Type": JSON, "Content-Length": len(body)}) + body)
    assert answer.status_code == 201, answer.text


@pytest.mark.parametrize("path", [
    "/.error/page", "/.error/problem", "/r/", "/r/a/b", "/r/a%0ab", "/r/-", "/r/a.b", "/healthz/", "/api",
    "/API/TICKET", "/nginx_status",
    "/.env", "/opsfabric.env", "/etc/passwd", "/x/../etc/passwd",
])
def test_addresses_for_people_that_lead_nowhere(firm, content, path):
    answer = exchange(firm, head("GET", path, firm, {}))
    assert answer.status_code == 404
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert "root:" not in answer.text and "CRON_SECRET" not in answer.text


@pytest.mark.parametrize("path", [
    "/../../etc/passwd", "/..%2f..%2fetc%2fpasswd", "/%2e%2e/%2e%2e/etc/passwd", "/r/%00", "/healthz%00", "/%",
    "/x/../../etc/passwd",
])
def test_addresses_that_are_none(firm, content, path):
    problems.check(exchange(firm, head("GET", path, firm, {})), "bad-request")


# ---- texts that only look dangerous --------------------------------------------------------------

TEXTS = [
    "'; drop table tickets; --", "' or '1'='1", "\\'; select pg_sleep(10); --", "$1 $2 $$x$$", "%s%s%s%n%x", "%00",
    "\\u0000", "\\x00",
    "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "</script><!--", "&lt;b&gt;&amp;",
    "javascript:alert(1)", "{{firm}} {{{link}}}",
    "{number} {code}", "${jndi:ldap://x}", "../../etc/passwd", "a\tb\nc", "\"quoted\" 'single' \\ back", "null",
    "NULL", "undefined", "true", "[]", "{}", "0", "-1",
    "Ünïcödé 💧🔧", "שלום עולם", "\u202eevil\u202c", "\ufeffBOM", "e\u0301 é", "\u2028\u2029", "a" * 4000, "💧" * 1000,
    "\x01\x02\x7f",
    "=cmd|' /C calc'!A0", "From: x\r\nBcc: y", "+41791234567", "STOP'--",
]


def tidy(text, lines=False):
    """What is stored of it: one space for each control character, but for those between lines."""
    text = text.replace("\r\n", "\n") if lines else text
    return re.sub("[\x01-\x08\x0b-\x1f\x7f-\x9f]" if lines else "[\x01-\x1f\x7f-\x9f]", " ", text).strip(" \t\n")


@pytest.mark.parametrize("text", TEXTS, ids=range(len(TEXTS)))
def test_a_text_is_stored_as_it_came(firm, text):
    phone = mobile()
    trimmed = tidy(text, lines=True)
    name, intent = text[:120], text[:60]
    answer = firm.ticket(phone, summary=text, contact_name=name, intent=intent, metadata={"text": text[:500], text[:30]: 1})
    assert answer.status_code == 201, answer.text
    (ticket,) = firm.tickets(phone)
    assert (ticket["summary"], ticket["contact_name"], ticket["intent"]) == (trimmed or None, tidy(name) or None, tidy(intent) or None)
    assert ticket["metadata"] == {"text": text[:500], text[:30]: 1}
    (created,) = [e for e in firm.events(ticket["id"]) if e["event_type"] == "created"]
    assert (created["new_value"] or "") == trimmed

    phone = mobile()
    answer = firm.stack.post("/api/ticket", form={"customer_slug": firm.slug, "contact_phone": phone, "summary": text})
    assert answer.status_code == 303, answer.text
    (ticket,) = firm.tickets(phone)
    assert (ticket["summary"] or "") == trimmed


@pytest.mark.parametrize("text", [t for t in TEXTS if len(t) <= 1600], ids=[n for n, t in enumerate(TEXTS) if len(t) <= 1600])
def test_a_text_message_is_stored_as_it_came(firm, text):
    phone = mobile()
    assert firm.text(phone, text).status_code == 200
    (row,) = firm.stack.sql("select body from sms_log where customer_id = %s and direction = 'inbound' and from_number = %s", firm.id, phone)
    assert row["body"] == tidy(text, lines=True)


# ---- afterwards --------------------------------------------------------------------------------


def test_the_programs_are_still_the_same(firm):
    """None of the above ended a worker: the log of a sanitizer, an assert or the arena would say so."""
    assert firm.stack.get("/healthz").status_code == 200
    for log in (firm.stack.state / "log").glob("*.log"):
        words = re.findall(r"ERROR: \w+Sanitizer|runtime error:|Assertion .* failed|arena: .*|request stuck.*", log.read_text(errors="replace"))
        assert words == [], (log.name, words)
